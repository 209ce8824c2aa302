import { currentCall } from '../catalog/currentCall.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { Batch, ColumnData } from '../src/arrow/column.ts'
import { scatterColumn } from '../src/arrow/columns.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { toTable } from '../src/arrow/table.ts'
import { EngineError, isEngineError } from '../src/base/errors.ts'
import { createRedactor, type Redact } from '../src/base/redact.ts'
import { callRows, isPromise } from './callRows.ts'
import { argumentColumns, type CalledRows, calledRows, readableRows } from './decodeArguments.ts'
import { encodeList, encodeVector } from './encodeResults.ts'
import type { CallResult, HandlerScope, RowFailure } from './executor.ts'
import { handlerFailed, returnedPromise } from './functionErrors.ts'
import type { HandlerCall } from './handlerCall.ts'
import { createHandlerContext } from './handlerContext.ts'
import type { Limiter } from './limiter.ts'
import { redactError } from './redactError.ts'
import { RowErrors } from './rowErrors.ts'

/**
 * Makes the calls of a batch in this thread, without waiting where the handler returns no promise. `limiter` holds back the
 * calls of an asynchronous handler; with null nothing is waited for. Fails with FUNCTION_FAILED, ROW_FAILED,
 * FUNCTION_RESULT_ROWS, FUNCTION_RESULT_INVALID, WRONG_ARGUMENTS for a value that a schema cannot show, SECRET_MISSING, or
 * FUNCTION_RETURNED_PROMISE; no error tells a secret.
 */
export function invokeHandler(
  registered: RegisteredFunction,
  batch: Batch,
  scope: HandlerScope,
  limiter: Limiter | null,
): CallResult | Promise<CallResult> {
  const work = { registered, batch, scope, limiter, redact: createRedactor(scope.secrets ?? {}) }
  if (registered.signature.secrets.length === 0) return invokeReadable(work)
  const hide = (error: unknown): never => {
    throw redactError(error, work.redact)
  }
  const hideInRows = ({ column, failures }: CallResult): CallResult => ({
    column,
    failures: failures.map(({ row, error }) => ({ row, error: redactError(error, work.redact) })),
  })
  try {
    const result = invokeReadable(work)
    return result instanceof Promise ? result.then(hideInRows, hide) : hideInRows(result)
  } catch (error) {
    return hide(error)
  }
}

/** The same in DuckDB's callback, where nothing can be waited for: a promise fails with FUNCTION_RETURNED_PROMISE. */
export function invokeHandlerSync(
  registered: RegisteredFunction,
  batch: Batch,
  scope: HandlerScope,
): ColumnData {
  const result = invokeHandler(registered, batch, { ...scope, reportsRows: false }, null)
  if (result instanceof Promise)
    throw new EngineError('INTERNAL', "a call in DuckDB's callback was waited for")
  return result.column
}

interface Work {
  readonly registered: RegisteredFunction
  readonly batch: Batch
  readonly scope: HandlerScope
  readonly limiter: Limiter | null
  readonly redact: Redact
}

/** Where rows may fail one by one, those with an argument that cannot be shown are not called. */
function invokeReadable(work: Work): CallResult | Promise<CallResult> {
  const { registered, batch, scope } = work
  const called = calledRows(registered.signature, batch)
  try {
    return invokeRows(work, called, [])
  } catch (error) {
    if (!scope.reportsRows || !isEngineError(error) || error.code !== 'WRONG_ARGUMENTS') throw error
    const place = { signature: registered.signature, context: scope, rows: batch.length, called: called.rows }
    const { readable, failures } = readableRows(place, called.batch)
    return invokeRows(work, readable, failures)
  }
}

function invokeRows(
  { registered: { signature, definition }, batch, scope, limiter, redact }: Work,
  called: CalledRows,
  unreadable: readonly RowFailure[],
): CallResult | Promise<CallResult> {
  const place = { signature, context: scope, rows: batch.length, called: called.rows }
  const { length } = called.batch
  const rowErrors = new RowErrors(place, length)
  const context = createHandlerContext(length, place, { rowErrors, redact })
  const call = { definition, batch: called.batch, place, context, rowErrors, limiter }
  const begin = (): ColumnData | Promise<ColumnData> =>
    length === 0 ? encodeColumn(signature.output, []) : callByStyle(call)
  // Nothing that a handler does in DuckDB's callback outlives it.
  const column = limiter === null ? begin() : currentCall.run({ context, span: null }, begin)
  const finish = (results: ColumnData): CallResult => ({
    column:
      called.rows === null
        ? results
        : scatterColumn(signature.output, [{ rows: called.rows, column: results }], batch.length),
    failures: joinFailures(unreadable, rowErrors.failures),
  })
  return column instanceof Promise ? column.then(finish) : finish(column)
}

function joinFailures(some: readonly RowFailure[], others: readonly RowFailure[]): readonly RowFailure[] {
  if (some.length === 0) return others
  return [...some, ...others].toSorted((a, b) => a.row - b.row)
}

function callByStyle(call: HandlerCall): ColumnData | Promise<ColumnData> {
  const { batch, place } = call
  switch (place.signature.style) {
    case 'row': {
      const results = callRows(call)
      return results instanceof Promise
        ? results.then((list) => encodeList(call, list))
        : encodeList(call, results)
    }
    case 'batch':
      return callOnce(call, argumentColumns(place, batch), encodeList)
    case 'arrow':
      return callOnce(call, toTable(place.signature.inputs, batch), encodeVector)
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
