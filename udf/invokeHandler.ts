import type { HandlerContext } from '../catalog/function.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import { isArrowVector } from '../src/arrow/arrowType.ts'
import type { Batch, ColumnData } from '../src/arrow/column.ts'
import { scatterColumn } from '../src/arrow/columns.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { columnFromVector, toTable } from '../src/arrow/table.ts'
import { EngineError } from '../src/base/errors.ts'
import { callRows, isPromise } from './callRows.ts'
import { argumentColumns, calledRows } from './decodeArguments.ts'
import type { HandlerScope } from './executor.ts'
import {
  type CallPlace,
  handlerFailed,
  invalidResult,
  returnedPromise,
  wrongRowCount,
} from './functionErrors.ts'
import type { HandlerCall } from './handlerCall.ts'
import type { Limiter } from './limiter.ts'

/**
 * Makes the calls of a batch in this thread, without waiting where the handler returns no promise. `limiter` holds back the
 * calls of an asynchronous handler; with null nothing is waited for. Fails with FUNCTION_FAILED, FUNCTION_RESULT_ROWS,
 * FUNCTION_RESULT_INVALID, WRONG_ARGUMENTS for a value that a schema cannot show, or FUNCTION_RETURNED_PROMISE.
 */
export function invokeHandler(
  { signature, definition }: RegisteredFunction,
  batch: Batch,
  context: HandlerScope,
  limiter: Limiter | null,
): ColumnData | Promise<ColumnData> {
  const called = calledRows(signature, batch)
  const place = { signature, context, rows: batch.length, called: called.rows }
  const call = {
    definition,
    batch: called.batch,
    place,
    context: handlerContext(called.batch.length, place),
    limiter,
  }
  const result = called.batch.length === 0 ? encodeColumn(signature.output, []) : callByStyle(call)
  const { rows } = called
  if (rows === null) return result
  const scatter = (column: ColumnData): ColumnData =>
    scatterColumn(signature.output, [{ rows, column }], batch.length)
  return result instanceof Promise ? result.then(scatter) : scatter(result)
}

/** The same in DuckDB's callback, where nothing can be waited for: a promise fails with FUNCTION_RETURNED_PROMISE. */
export function invokeHandlerSync(
  registered: RegisteredFunction,
  batch: Batch,
  context: HandlerScope,
): ColumnData {
  const result = invokeHandler(registered, batch, context, null)
  if (result instanceof Promise)
    throw new EngineError('INTERNAL', "a call in DuckDB's callback was waited for")
  return result
}

function callByStyle(call: HandlerCall): ColumnData | Promise<ColumnData> {
  const { batch, place } = call
  switch (place.signature.style) {
    case 'row': {
      const results = callRows(call)
      return results instanceof Promise ? results.then((list) => encode(call, list)) : encode(call, results)
    }
    case 'batch':
      return callOnce(call, argumentColumns(place, batch), encode)
    case 'arrow':
      return callOnce(call, toTable(place.signature.inputs, batch), fromVector)
  }
}

type Convert = (call: HandlerCall, result: unknown) => ColumnData

function callOnce(call: HandlerCall, input: unknown, convert: Convert): ColumnData | Promise<ColumnData> {
  const { definition, place, context, limiter } = call
  if (definition.async && limiter !== null) return awaitCall(call, input, limiter, convert)
  let result: unknown
  try {
    result = definition.handler(input, context)
  } catch (thrown) {
    throw handlerFailed(place, thrown, null)
  }
  if (!isPromise(result)) return convert(call, result)
  if (limiter !== null) return settled(call, result).then((value) => convert(call, value))
  result.then(undefined, () => undefined)
  throw returnedPromise(place, null)
}

async function awaitCall(
  call: HandlerCall,
  input: unknown,
  limiter: Limiter,
  convert: Convert,
): Promise<ColumnData> {
  await limiter.acquire(call.context.signal)
  try {
    return convert(call, await settled(call, call.definition.handler(input, call.context)))
  } finally {
    limiter.release()
  }
}

async function settled({ place }: HandlerCall, result: unknown): Promise<unknown> {
  try {
    return await result
  } catch (thrown) {
    throw handlerFailed(place, thrown, null)
  }
}

function encode(call: HandlerCall, results: unknown): ColumnData {
  const { batch, place } = call
  if (!isList(results)) throw invalidResult(place, `${describe(results)} instead of a list`, null)
  if (results.length !== batch.length) throw wrongRowCount(place, results.length, batch.length)
  return encodeColumn(place.signature.output, results, refuse(place))
}

function fromVector({ batch, place }: HandlerCall, result: unknown): ColumnData {
  if (!isArrowVector(result)) throw invalidResult(place, `${describe(result)} instead of a Vector`, null)
  if (result.length !== batch.length) throw wrongRowCount(place, result.length, batch.length)
  return columnFromVector(place.signature.output, result, refuse(place))
}

/** What the codec calls with the first result that does not fit. */
function refuse(place: CallPlace): (row: number, problem: string) => never {
  return (row, problem) => {
    throw invalidResult(place, problem, row)
  }
}

function isList(results: unknown): results is ArrayLike<unknown> {
  return Array.isArray(results) || (ArrayBuffer.isView(results) && 'length' in results)
}

function handlerContext(rows: number, { signature, context }: CallPlace): HandlerContext {
  const { batch, firstRow, metadata, signal } = context
  const { name, version, style } = signature
  return Object.freeze({
    function: name,
    version,
    batch,
    firstRow,
    rows: style === 'row' ? 1 : rows,
    metadata,
    signal,
  })
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
