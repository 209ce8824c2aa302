import type { CallOptions, CallOutcome } from '../../catalog/policy/policies.ts'
import type { BatchSource } from '../../udf/batching/batchSource.ts'
import type { CallResult, InvokeContext } from '../../udf/executor.ts'
import type { Batch } from '../arrow/column.ts'
import type { QueryRun } from './queryRun.ts'

/** One call of a query, as it was written. */
export interface CallSite {
  readonly function: string
  readonly options: CallOptions | null
  readonly outcome: CallOutcome
  /** Tells it apart from others of the query, the same when that is run again. */
  readonly site: number
}

/** Where a batch comes from. */
export interface CallOrigin
  extends Pick<InvokeContext, 'batch' | 'firstRow' | 'signal' | 'metadata' | 'trace'> {
  readonly query: QueryRun
  /** The stream that the batch belongs to; null for a call by itself. */
  readonly source: BatchSource | null
  /** Whether the batch is needed after the call. */
  readonly keepsInput: boolean
}

/** Makes the calls of one site over one batch, wherever they run. Rows that fail are told where the site does not fail with them. */
export type InvokeCall = (site: CallSite, batch: Batch, origin: CallOrigin) => Promise<CallResult>
