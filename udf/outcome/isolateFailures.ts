import type { RetryPolicy } from '../../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { concatColumns, nullColumn, sliceColumn } from '../../src/arrow/columns.ts'
import type { ErrorCode } from '../../src/base/errorCodes.ts'
import { type EngineError, isEngineError } from '../../src/base/errors.ts'
import type { CallResult, Interceptor, Invoke, InvokeContext } from '../executor.ts'
import { errorInWhole } from '../policies/amendError.ts'

/** What keeps a query from going on, whatever its rows. */
const stopping: ReadonlySet<ErrorCode> = new Set([
  'BUDGET_EXCEEDED',
  'CANCELLED',
  'CONFIG_INVALID',
  'DEFINITION_INVALID',
  'ERROR_BUDGET_EXCEEDED',
  'INTERNAL',
  'MODEL_CHANGED',
  'MODEL_INVALID',
  'MODULE_LOAD_FAILED',
  'PROVIDER_UNAVAILABLE',
  'ROWS_LOST',
  'SECRET_MISSING',
  'SESSION_CLOSED',
  'UNKNOWN_FUNCTION',
])

/** Errors that say nothing of the rows: parts of the batch would fail alike. */
const ofWholeBatch: ReadonlySet<ErrorCode> = new Set([
  'CIRCUIT_OPEN',
  'DEADLINE_EXCEEDED',
  'LEASE_LOST',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
])

/**
 * Where rows are reported, a batch that fails or ends its worker is called again in halves until the rows that it fails for stand
 * alone: the others succeed. One such row among 2,048 takes 23 calls, or 3 where its worker says which row it was. Rows that nothing can
 * be said about fail together.
 */
export const isolateFailures: Interceptor = (next) => async (registered, batch, context) => {
  if (!context.reportsRows) return next(registered, batch, context)
  const whole = { next, registered, batch, context: { ...context, keepsInput: true } }
  return isolate(whole, { from: 0, length: batch.length })
}

/** The batch that is called, as a whole first. */
interface Whole {
  readonly next: Invoke
  readonly registered: RegisteredFunction
  readonly batch: Batch
  readonly context: InvokeContext
}

/** Rows of the batch. */
interface Part {
  readonly from: number
  readonly length: number
}

/** Failures count the rows of the whole batch, and so do their errors. */
async function isolate(whole: Whole, part: Part): Promise<CallResult> {
  const { next, registered, context } = whole
  const { from, length } = part
  let failure: EngineError
  try {
    return inWhole(await next(registered, batchOf(whole, part), contextOf(whole, part)), whole, part)
  } catch (error) {
    if (!isEngineError(error) || stopping.has(error.code) || context.signal.aborted) throw error
    if (length === 1 || isOfWholeBatch(error)) {
      return inWhole(allFailed(registered, length, error), whole, part)
    }
    failure = error
  }
  const lost = lostRow(failure, length)
  if (lost === null) {
    const half = length >> 1
    const first = await isolate(whole, { from, length: half })
    return joined(registered, [first, await isolate(whole, { from: from + half, length: length - half })])
  }
  const before = lost === 0 ? [] : [await isolate(whole, { from, length: lost })]
  const row = {
    column: nullColumn(registered.signature.output, 1),
    failures: [{ row: lost, error: failure }],
  }
  const rest = length - lost - 1
  const after = rest === 0 ? [] : [await isolate(whole, { from: from + lost + 1, length: rest })]
  return joined(registered, [...before, inWhole(row, whole, part), ...after])
}

function isOfWholeBatch({ code, details }: EngineError): boolean {
  return ofWholeBatch.has(code) || details.during !== undefined
}

/** The row that ended its worker, if the worker said which it was; the rows behind it were not called. */
function lostRow({ code, details }: EngineError, length: number): number | null {
  const { row } = details
  return code === 'WORKER_LOST' && row !== undefined && row < length ? row : null
}

function joined({ signature }: RegisteredFunction, results: readonly CallResult[]): CallResult {
  return {
    column: concatColumns(
      signature.output,
      results.map(({ column }) => column),
    ),
    failures: results.flatMap(({ failures }) => failures),
  }
}

function inWhole({ column, failures }: CallResult, { batch }: Whole, { from, length }: Part): CallResult {
  if (failures.length === 0 || length === batch.length) return { column, failures }
  const rows = Int32Array.from({ length }, (_, row) => from + row)
  return {
    column,
    failures: failures.map(({ row, error }) => ({
      row: from + row,
      error: errorInWhole(error, rows, batch.length),
    })),
  }
}

function batchOf({ registered: { signature }, batch }: Whole, { from, length }: Part): Batch {
  if (length === batch.length) return batch
  const columns = signature.inputs.map(({ type }, index) =>
    sliceColumn(type, batch.columns[index]!, from, length),
  )
  return { length, columns }
}

/** What the rows are to blame for is not tried again before they stand alone. */
function contextOf({ batch, context }: Whole, { from, length }: Part): InvokeContext {
  const { retry } = context.policies
  if (length === batch.length) return context
  const policies =
    retry === null || length === 1 ? context.policies : { ...context.policies, retry: ofTransport(retry) }
  return { ...context, firstRow: context.firstRow + from, policies, isPart: true }
}

function ofTransport(retry: RetryPolicy): RetryPolicy {
  return { ...retry, retryOn: [...ofWholeBatch] }
}

function allFailed({ signature }: RegisteredFunction, length: number, error: EngineError): CallResult {
  const failures = Array.from({ length }, (_, row) => ({ row, error }))
  return { column: nullColumn(signature.output, length), failures }
}
