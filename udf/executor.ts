import type { FunctionSignature } from '../catalog/function.ts'
import type { BatchingPolicy, CallPolicies } from '../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { SecretValues } from '../catalog/secret.ts'
import type { Batch, ColumnData } from '../src/arrow/column.ts'
import type { CallSignal } from '../src/base/cancellation.ts'
import type { EngineError } from '../src/base/errors.ts'
import type { BatchSource } from './batching/batchSource.ts'
import type { CallObserver } from './callEvents.ts'
import type { Timer } from './policies/timeLimit.ts'
import type { RunScope } from './runScope.ts'
import type { TraceCarrier } from './traceCarrier.ts'

/** What accompanies one batch to its executor. */
export interface InvokeContext {
  /** Number of the batch within its stage, from 0. */
  readonly batch: number
  /** Number of the batch's first row within its stage, from 0. */
  readonly firstRow: number
  readonly signal: CallSignal
  /** What counts the time of the attempt: an executor stops it while the batch waits for a thread. Absent where it is not counted. */
  readonly timer?: Timer
  /** What `metadata => {…}` gave, the same for every row of the batch; null without. */
  readonly metadata: Readonly<Record<string, unknown>> | null
  /** Which attempt this is, from 1. */
  readonly attempt: number
  /** Milliseconds since 1970 by which the call must be done; null for any time. */
  readonly deadline: number | null
  /** Whether the batch is needed after the call: its buffers must not be transferred away. */
  readonly keepsInput: boolean
  /**
   * Whether a row that a handler fails for, where it gets one row at a time or returns `context.rowError`, is told in `failures`;
   * otherwise the batch fails with the first.
   */
  readonly reportsRows: boolean
  /** Whether the batch is a part of one that failed: if it fails too, its own parts are called next, unless it is of one row. */
  readonly isPart?: boolean
  readonly policies: CallPolicies
  /** How rows are gathered, where the call site asks for something else than the function's definition. */
  readonly batching?: BatchingPolicy | null
  /** Tells the call sites of a query apart, the same when it is resumed; absent for 0. */
  readonly site?: number
  /** The query on whose behalf the call is made. */
  readonly run: RunScope
  readonly observer: CallObserver
  /** The stream that the batch belongs to, which tells whether more rows may come to fill batches; absent for a call by itself. */
  readonly source?: BatchSource | null
  /** Values of the secrets that the function asks for; those of other names are not given to its handler. */
  readonly secrets?: SecretValues
  /** Makes the calls that the handler asks for; without it they fail. */
  readonly caller?: NestedCaller
  /** The functions whose handlers wait for this call, outermost first; none where a query makes it. */
  readonly chain?: readonly string[]
  /** Where the spans of the call hang; absent or null where it is not traced. */
  readonly trace?: TraceCarrier | null
}

/** The part of it that whatever calls a handler needs, in whichever thread. */
export type HandlerScope = Omit<
  InvokeContext,
  'keepsInput' | 'timer' | 'isPart' | 'policies' | 'batching' | 'site' | 'run' | 'caller' | 'source'
> & {
  /** What the function's `onStartup` gave where the handler is called. */
  readonly state?: unknown
  /** Makes a call on behalf of the handler; without it, as in DuckDB's callback, nothing can be waited for. */
  readonly call?: (call: NestedCall) => Promise<readonly unknown[]>
}

/** What a handler asks for: a function for rows of arguments, as values that can be sent to another thread. */
export interface NestedCall {
  readonly function: string
  readonly rows: readonly (readonly unknown[])[]
  /** The functions that wait for it, outermost first. */
  readonly chain: readonly string[]
}

/** Makes a call on behalf of a handler that was called with the context `from`; gives the results of the rows in order. */
export type NestedCaller = (call: NestedCall, from: InvokeContext) => Promise<readonly unknown[]>

/** A row that failed while others of its batch succeeded. */
export interface RowFailure {
  /** Counts from 0 within the batch. */
  readonly row: number
  readonly error: EngineError
}

/** The answer to one batch. */
export interface CallResult {
  /** As many rows as the batch; null where one failed. */
  readonly column: ColumnData
  /** By ascending row; mostly none. */
  readonly failures: readonly RowFailure[]
}

/** Makes the call of one batch: the function's inputs as columns, in order, in the types of its signature. */
export type Invoke = (
  registered: RegisteredFunction,
  batch: Batch,
  context: InvokeContext,
) => Promise<CallResult>

/**
 * Calls a function that yields its results for one row, and gives each item as it comes, in the form that results of queries have.
 * Nothing is called before the first item is asked for, and the next one only when it is.
 */
export type InvokeStream = (
  registered: RegisteredFunction,
  args: readonly unknown[],
  context: InvokeContext,
) => AsyncGenerator<unknown, void, undefined>

/** What is done around calls: takes the way on to the executor, and gives one that does more. */
export type Interceptor = (next: Invoke) => Invoke

/**
 * Where functions run. The contract, which `test/executor.conformance.ts` states: as many rows out as in; order kept; the
 * input is not changed, but its buffers may be transferred away unless the context keeps them; fails only with EngineError;
 * honours the signal.
 */
export interface Executor {
  readonly name: string
  /**
   * Batches of a function that it can work on at once; the dispatcher keeps no more in flight. `rowByRow`: they are of one row, as
   * those of handlers that take one row at a time are where a policy counts calls.
   */
  concurrencyOf(signature: FunctionSignature, rowByRow: boolean): number
  open(): Promise<void>
  readonly invoke: Invoke
  /** The items that a call yields, as they come; where there is none, the main thread makes the call. */
  readonly stream?: InvokeStream
  /** Ends what is in flight and gives back every resource, within a second. */
  close(): Promise<void>
}

/** A result all of whose rows succeeded. */
export function succeeded(column: ColumnData): CallResult {
  return { column, failures: noFailures }
}

const noFailures: readonly RowFailure[] = []

/** What the handler of a call needs of its context. */
export function scopeOf(context: InvokeContext): HandlerScope {
  const { caller } = context
  return caller === undefined ? context : { ...context, call: (call) => caller(call, context) }
}
