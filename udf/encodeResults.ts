import { RowError } from '../catalog/rowError.ts'
import { type ArrowVector, isArrowVector } from '../src/arrow/arrowType.ts'
import type { ColumnData } from '../src/arrow/column.ts'
import { scatterColumn } from '../src/arrow/columns.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { columnFromVector } from '../src/arrow/table.ts'
import { isEngineError } from '../src/base/errors.ts'
import { invalidResult, rowFailed, wrongRowCount } from './functionErrors.ts'
import type { HandlerCall } from './handlerCall.ts'

/** What a handler returned for its rows as a column; rows that fail, or whose result does not fit, are null. */
export function encodeList(call: HandlerCall, results: unknown): ColumnData {
  const { batch, place } = call
  if (!isList(results)) throw invalidResult(place, `${describe(results)} instead of a list`, null)
  if (results.length !== batch.length) throw wrongRowCount(place, results.length, batch.length)
  const { output } = place.signature
  const values = withoutErrors(call, results)
  if (!place.context.reportsRows) return encodeColumn(output, values, refuse(call))
  return firstMisfit((fail) => encodeColumn(output, values, fail)) ?? encodeFitting(call, values)
}

/** The same for a vector. */
export function encodeVector(call: HandlerCall, result: unknown): ColumnData {
  const { batch, place, rowErrors } = call
  if (!isArrowVector(result)) throw invalidResult(place, `${describe(result)} instead of a Vector`, null)
  if (result.length !== batch.length) throw wrongRowCount(place, result.length, batch.length)
  const { output } = place.signature
  rowErrors.failNamed()
  if (!place.context.reportsRows) return columnFromVector(output, result, refuse(call))
  const whole = rowErrors.size > 0 ? null : firstMisfit((fail) => columnFromVector(output, result, fail))
  return whole ?? vectorRows(call, result)
}

/** Rows for which the handler gave an error fail, and are null. */
function withoutErrors({ place, rowErrors }: HandlerCall, results: ArrayLike<unknown>): ArrayLike<unknown> {
  if (!rowErrors.anyMade) return results
  rowErrors.failNamed()
  return Array.from(results, (result, row) => {
    if (rowErrors.has(row) && place.signature.style !== 'row') return null
    if (!(result instanceof RowError)) return result
    rowErrors.fail(row, rowFailed(place, result, row))
    return null
  })
}

/** Each row alone: those that do not fit fail. */
function encodeFitting(call: HandlerCall, values: ArrayLike<unknown>): ColumnData {
  const { output } = call.place.signature
  const fitting = Array.from(values, (value, row) =>
    fits(call, row, (fail) => encodeColumn(output, [value], fail)) === null ? null : value,
  )
  return encodeColumn(output, fitting, refuse(call))
}

function vectorRows(call: HandlerCall, vector: ArrowVector): ColumnData {
  const { place, rowErrors } = call
  const { output } = place.signature
  const parts = Array.from({ length: vector.length }, (_, row) => {
    if (rowErrors.has(row)) return []
    const column = fits(call, row, (fail) => columnFromVector(output, vector.slice(row, row + 1), fail))
    return column === null ? [] : [{ rows: Int32Array.of(row), column }]
  })
  return scatterColumn(output, parts.flat(), vector.length)
}

type Encode = (fail: (row: number, problem: string) => never) => ColumnData

/** Null after the row has failed. */
function fits(call: HandlerCall, row: number, encode: Encode): ColumnData | null {
  try {
    return encode((_, problem) => {
      throw invalidResult(call.place, problem, row)
    })
  } catch (error) {
    if (!isEngineError(error) || error.code !== 'FUNCTION_RESULT_INVALID') throw error
    call.rowErrors.fail(row, error)
    return null
  }
}

const misfit = new Error('a result does not fit')

/** Null if a value does not fit. */
function firstMisfit(encode: Encode): ColumnData | null {
  try {
    return encode(() => {
      throw misfit
    })
  } catch (thrown) {
    if (thrown === misfit) return null
    throw thrown
  }
}

/** What the codec calls with the first result that does not fit. */
function refuse({ place }: HandlerCall): (row: number, problem: string) => never {
  return (row, problem) => {
    throw invalidResult(place, problem, row)
  }
}

function isList(results: unknown): results is ArrayLike<unknown> {
  return Array.isArray(results) || (ArrayBuffer.isView(results) && 'length' in results)
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
