import type { FunctionSignature } from '../catalog/function.ts'
import { type Batch, type ColumnData, isValid } from '../src/arrow/column.ts'
import { filterColumn } from '../src/arrow/columns.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import type { DataType } from '../src/base/dataType.ts'

/** The part of a batch that a handler is called for. */
export interface CalledRows {
  readonly batch: Batch
  /** Rows of the whole batch; null if all are called. */
  readonly rows: Int32Array | null
}

/** Leaves out the rows that have a null argument, if the function says that their result is null. */
export function calledRows({ nullHandling, inputs }: FunctionSignature, batch: Batch): CalledRows {
  const nullable = batch.columns.filter((column) => column.nullCount > 0)
  if (nullHandling === 'call' || nullable.length === 0) return { batch, rows: null }
  const rows = rowsValidInAll(nullable, batch.length)
  const columns = inputs.map(({ type }, index) => filterColumn(type, batch.columns[index]!, rows))
  return { batch: { length: rows.length, columns }, rows }
}

function rowsValidInAll(columns: readonly ColumnData[], length: number): Int32Array {
  const rows = new Int32Array(length)
  let count = 0
  for (let row = 0; row < length; row++) {
    if (columns.every((column) => isValid(column, row))) rows[count++] = row
  }
  return rows.slice(0, count)
}

/** Columns by name, as a handler with batching gets them. */
export function argumentColumns(
  signature: FunctionSignature,
  batch: Batch,
): Readonly<Record<string, ArrayLike<unknown>>> {
  const typed = signature.nullHandling === 'propagate'
  const entries = signature.inputs.map(({ name, type }, index) => {
    const values = decodeColumn(type, batch.columns[index]!)
    return [name, typed ? asNumbers(type, values) : asList(values)] as const
  })
  return Object.freeze(Object.fromEntries(entries))
}

/** Gives the arguments of one row as an object. */
export function argumentRows({ inputs }: FunctionSignature, batch: Batch): (row: number) => object {
  const columns = inputs.map(({ name, type }, index) => ({
    name,
    values: decodeColumn(type, batch.columns[index]!),
  }))
  return (row) => {
    const values: Record<string, unknown> = {}
    for (const column of columns) values[column.name] = column.values[row]
    return values
  }
}

/** A column of numbers without nulls is a typed array whatever its numbers are decoded from. */
function asNumbers(type: DataType, values: ArrayLike<unknown>): ArrayLike<unknown> {
  return type.kind === 'bigint' && type.as === 'number'
    ? Float64Array.from(values as ArrayLike<number>)
    : values
}

function asList(values: ArrayLike<unknown>): readonly unknown[] {
  return Array.isArray(values) ? values : Array.from(values)
}
