import { EngineError } from '../base/errors.ts'
import type { ColumnData } from './column.ts'

// What the layout of a column's type promises, checked: a column that breaks it was made wrongly by Callplane itself.

export type NumberArray = Exclude<NonNullable<ColumnData['values']>, BigInt64Array | BigUint64Array>

export function numbersOf({ values }: ColumnData): NumberArray {
  if (values === null || values instanceof BigInt64Array || values instanceof BigUint64Array)
    throw wrong('numbers')
  return values
}

export function bigintsOf({ values }: ColumnData): BigInt64Array | BigUint64Array {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return values
  throw wrong('64-bit integers')
}

export function bytesOf({ values }: ColumnData): Uint8Array {
  if (values instanceof Uint8Array) return values
  throw wrong('bytes')
}

export function offsetsOf({ offsets, length }: ColumnData): Int32Array {
  if (offsets === null || offsets.length <= length) throw wrong('offsets')
  return offsets.length === length + 1 ? offsets : offsets.subarray(0, length + 1)
}

export function childOf({ children }: ColumnData, index: number): ColumnData {
  const child = children[index]
  if (child === undefined) throw wrong(`child ${index}`)
  return child
}

function wrong(what: string): EngineError {
  return new EngineError('INTERNAL', `a column lacks its ${what}`)
}
