import type { FunctionSignature } from '../../catalog/function.ts'
import type { Batch, ColumnData } from '../../src/arrow/column.ts'
import { childTypes, layoutOf } from '../../src/arrow/layout.ts'
import type { DataType } from '../../src/base/dataType.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { BatchingOptions } from './batchingOptions.ts'

/** Running totals over the rows of a batch: item n is that of the rows before row n. One array for each limit. */
export type RowSizes = readonly Float64Array[]

/** What a batch may hold at most beside its rows, in the order of `RowSizes`. */
export function sizeLimits({ policy, costOf }: BatchingOptions): readonly number[] {
  return [policy.maxBytes, costOf === null ? null : policy.maxCost].filter((limit) => limit !== null)
}

/** Fails with FUNCTION_RESULT_INVALID for a cost that is no number from 0. */
export function rowSizes(signature: FunctionSignature, batch: Batch, options: BatchingOptions): RowSizes {
  const sizes: Float64Array[] = []
  if (options.policy.maxBytes !== null) sizes.push(batchBytes(signature, batch))
  if (options.policy.maxCost !== null && options.costOf !== null) {
    sizes.push(totals(signature, batch.length, options.costOf(batch)))
  }
  return sizes
}

/** How many rows from `from` on, `most` at most, add up to no more than `left`. */
export function rowsWithin(sizes: Float64Array, from: number, most: number, left: number): number {
  const limit = sizes[from]! + left
  let [fits, tooMany] = [0, most + 1]
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1
    if (sizes[from + middle]! <= limit) fits = middle
    else tooMany = middle
  }
  return fits
}

function totals({ name, version }: FunctionSignature, rows: number, costs: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(rows + 1)
  for (let row = 0; row < rows; row++) {
    const cost = costs[row]
    if (cost === undefined || !(cost >= 0 && cost < Infinity)) {
      throw new EngineError(
        'FUNCTION_RESULT_INVALID',
        `costOf of function '${name}' (version ${version}) gave ${cost} for row ${row}: a cost is a number from 0`,
        { function: name, version, row },
      )
    }
    sums[row + 1] = sums[row]! + cost
  }
  return sums
}

function batchBytes({ inputs }: FunctionSignature, batch: Batch): Float64Array {
  const sums = new Float64Array(batch.length + 1)
  for (const [index, { type }] of inputs.entries()) {
    const column = batch.columns[index]!
    const bytes = bytesBefore(type, column)
    for (let row = 1; row <= batch.length; row++) sums[row]! += bytes(row)
  }
  return sums
}

/** Bytes of values and offsets that the rows before a row take. */
function bytesBefore(type: DataType, column: ColumnData): (row: number) => number {
  const layout = layoutOf(type)
  switch (layout.kind) {
    case 'null':
      return () => 0
    case 'fixed': {
      const width = layout.array.BYTES_PER_ELEMENT * layout.perRow
      return (row) => row * width
    }
    case 'bytes': {
      const offsets = column.offsets!
      return (row) => offsets[row]! - offsets[0]! + row * 4
    }
    case 'list': {
      const offsets = column.offsets!
      const items = childrenBefore(type, column)
      return (row) => items(offsets[row]!) - items(offsets[0]!) + row * 4
    }
    case 'array': {
      const items = childrenBefore(type, column)
      return (row) => items(row * layout.size)
    }
    case 'struct':
      return childrenBefore(type, column)
    case 'union': {
      const members = childrenBefore(type, column)
      return (row) => members(row) + row
    }
  }
}

function childrenBefore(type: DataType, { children }: ColumnData): (row: number) => number {
  const parts = childTypes(type).map((child, index) => bytesBefore(child, children[index]!))
  return (row) => parts.reduce((sum, part) => sum + part(row), 0)
}
