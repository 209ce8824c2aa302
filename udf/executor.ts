import type { FunctionSignature } from '../catalog/function.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { Batch, ColumnData } from '../src/arrow/column.ts'

/** What accompanies one batch. */
export interface InvokeContext {
  /** Number of the batch within its stage, from 0. */
  readonly batch: number
  /** Number of the batch's first row within its stage, from 0. */
  readonly firstRow: number
  readonly signal: AbortSignal
  /** What `metadata => {…}` gave, the same for every row of the batch; null without. */
  readonly metadata: Readonly<Record<string, unknown>> | null
}

/** Makes the call of one batch: the function's inputs as columns, in order, in the types of its signature. */
export type Invoke = (
  registered: RegisteredFunction,
  batch: Batch,
  context: InvokeContext,
) => Promise<ColumnData>

/**
 * Where functions run. The contract, which `test/executor.conformance.ts` states: as many rows out as in; order kept; the
 * input is not changed, but its buffers may be transferred away; fails only with EngineError; honours the signal.
 */
export interface Executor {
  readonly name: string
  /** Batches of a function that it can work on at once; the dispatcher keeps no more in flight. */
  concurrencyOf(signature: FunctionSignature): number
  open(): Promise<void>
  readonly invoke: Invoke
  /** Ends what is in flight and gives back every resource, within a second. */
  close(): Promise<void>
}
