import type { HandlerContext } from '../catalog/function.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import { isArrowVector } from '../src/arrow/arrowType.ts'
import type { Batch, ColumnData } from '../src/arrow/column.ts'
import { scatterColumn } from '../src/arrow/columns.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { columnFromVector, toTable } from '../src/arrow/table.ts'
import { callRows, isPromise } from './callRows.ts'
import { argumentColumns, type CalledRows, calledRows } from './decodeArguments.ts'
import type { InvokeContext } from './executor.ts'
import {
  type CallPlace,
  handlerFailed,
  invalidResult,
  returnedPromise,
  wrongRowCount,
} from './functionErrors.ts'
import type { Limiter } from './limiter.ts'

/** One batch on its way through a handler. */
interface HandlerCall {
  readonly registered: RegisteredFunction
  readonly called: CalledRows
  readonly place: CallPlace
  readonly context: HandlerContext
  readonly limiter: Limiter | null
}

/**
 * Makes the calls of a batch in this thread, without waiting where the handler returns no promise. `limiter` holds back the
 * calls of an asynchronous handler. Fails with FUNCTION_FAILED, FUNCTION_RESULT_ROWS or FUNCTION_RESULT_INVALID.
 */
export function invokeHandler(
  registered: RegisteredFunction,
  batch: Batch,
  context: InvokeContext,
  limiter: Limiter,
): ColumnData | Promise<ColumnData> {
  return invoke(registered, batch, context, limiter)
}

/** The same where nothing can be waited for, in DuckDB's callback: a promise fails with FUNCTION_RETURNED_PROMISE. */
export function invokeHandlerSync(
  registered: RegisteredFunction,
  batch: Batch,
  context: InvokeContext,
): ColumnData {
  const result = invoke(registered, batch, context, null)
  if (result instanceof Promise)
    throw returnedPromise({ signature: registered.signature, context, rows: batch.length }, null)
  return result
}

function invoke(
  registered: RegisteredFunction,
  batch: Batch,
  context: InvokeContext,
  limiter: Limiter | null,
): ColumnData | Promise<ColumnData> {
  const { signature } = registered
  const called = calledRows(signature, batch)
  const place = { signature, context, rows: batch.length }
  const call = { registered, called, place, context: handlerContext(called.batch.length, place), limiter }
  const result = called.batch.length === 0 ? encodeColumn(signature.output, []) : callByStyle(call)
  if (called.rows === null) return result
  const scatter = (column: ColumnData): ColumnData =>
    scatterColumn(signature.output, [{ rows: called.rows!, column }], batch.length)
  return result instanceof Promise ? result.then(scatter) : scatter(result)
}

function callByStyle(call: HandlerCall): ColumnData | Promise<ColumnData> {
  const { registered, called, place, context, limiter } = call
  switch (registered.signature.style) {
    case 'row': {
      const results = callRows({
        registered,
        batch: called.batch,
        context,
        limiter,
        failed: (thrown, row) => handlerFailed(place, thrown, rowOfBatch(call, row)),
        promised: (row) => returnedPromise(place, rowOfBatch(call, row)),
      })
      return results instanceof Promise ? results.then((list) => encode(call, list)) : encode(call, results)
    }
    case 'batch':
      return callOnce(call, argumentColumns(registered.signature, called.batch), encode)
    case 'arrow':
      return callOnce(call, toTable(registered.signature.inputs, called.batch), fromVector)
  }
}

type Convert = (call: HandlerCall, result: unknown) => ColumnData

function callOnce(call: HandlerCall, input: unknown, convert: Convert): ColumnData | Promise<ColumnData> {
  const { registered, place, context, limiter } = call
  const { definition } = registered
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
    return convert(call, await settled(call, call.registered.definition.handler(input, call.context)))
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
  const { registered, called, place } = call
  if (!isList(results)) throw invalidResult(place, `${describe(results)} instead of a list`, null)
  if (results.length !== called.batch.length) throw wrongRowCount(place, results.length, called.batch.length)
  return encodeColumn(registered.signature.output, results, invalidRow(call))
}

function fromVector(call: HandlerCall, result: unknown): ColumnData {
  const { registered, called, place } = call
  if (!isArrowVector(result)) throw invalidResult(place, `${describe(result)} instead of a Vector`, null)
  if (result.length !== called.batch.length) throw wrongRowCount(place, result.length, called.batch.length)
  return columnFromVector(registered.signature.output, result, invalidRow(call))
}

/** The error of one result, for the codec, which knows its row among those that were called. */
function invalidRow(call: HandlerCall): (row: number, problem: string) => never {
  return (row, problem) => {
    throw invalidResult(call.place, problem, rowOfBatch(call, row))
  }
}

function isList(results: unknown): results is ArrayLike<unknown> {
  return Array.isArray(results) || (ArrayBuffer.isView(results) && 'length' in results)
}

/** The handler sees rows without nulls only; its author, and the caller, know those of the batch. */
function rowOfBatch({ called }: HandlerCall, row: number): number {
  return called.rows?.[row] ?? row
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
