import type { FunctionSignature } from '../catalog/function.ts'
import { type Batch, type ColumnData, isValid } from '../src/arrow/column.ts'
import { filterColumn } from '../src/arrow/columns.ts'
import { decodeColumn, decodeTyped } from '../src/arrow/decode.ts'
import type { Field } from '../src/base/dataType.ts'
import { isEngineError } from '../src/base/errors.ts'
import type { RowFailure } from './executor.ts'
import { type CallPlace, invalidArgument } from './functionErrors.ts'

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

/** Of the called rows those whose arguments can all be shown; the others fail. */
export function readableRows(
  place: CallPlace,
  batch: Batch,
): { readonly readable: CalledRows; readonly failures: readonly RowFailure[] } {
  const { inputs } = place.signature
  const failures: RowFailure[] = []
  const kept: number[] = []
  for (let row = 0; row < batch.length; row++) {
    const own = { ...place, called: Int32Array.of(place.called?.[row] ?? row) }
    try {
      inputs.forEach((input, index) =>
        decode(own, input, filterColumn(input.type, batch.columns[index]!, Int32Array.of(row)), false),
      )
      kept.push(row)
    } catch (error) {
      if (!isEngineError(error)) throw error
      failures.push({ row: own.called[0]!, error })
    }
  }
  const rows = Int32Array.from(kept)
  const columns = inputs.map(({ type }, index) => filterColumn(type, batch.columns[index]!, rows))
  return {
    readable: {
      batch: { length: rows.length, columns },
      rows: rows.map((row) => place.called?.[row] ?? row),
    },
    failures,
  }
}

/** Columns by name, as a handler with batching gets them: without nulls, numbers are typed arrays. */
export function argumentColumns(
  place: CallPlace,
  batch: Batch,
): Readonly<Record<string, ArrayLike<unknown>>> {
  const { nullHandling, inputs } = place.signature
  const entries = inputs.map((input, index) => {
    const column = batch.columns[index]!
    return [input.name, decode(place, input, column, nullHandling === 'propagate')] as const
  })
  return Object.freeze(Object.fromEntries(entries))
}

/** Gives the arguments of one row as an object. */
export function argumentRows(place: CallPlace, batch: Batch): (row: number) => object {
  const columns = place.signature.inputs.map((input, index) => ({
    name: input.name,
    values: decode(place, input, batch.columns[index]!, false),
  }))
  return (row) => {
    const values: Record<string, unknown> = {}
    for (const column of columns) values[column.name] = column.values[row]
    return values
  }
}

function decode(
  place: CallPlace,
  { name, type }: Field,
  column: ColumnData,
  typed: boolean,
): ArrayLike<unknown> {
  try {
    return (typed ? decodeTyped(type, column) : null) ?? decodeColumn(type, column)
  } catch (error) {
    throw isEngineError(error) ? invalidArgument(place, name, error) : error
  }
}
