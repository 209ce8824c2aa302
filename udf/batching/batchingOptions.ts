import type { BatchingPolicy } from '../../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import type { InvokeContext } from '../executor.ts'

/** How the rows of one call are batched. */
export interface BatchingOptions {
  readonly policy: BatchingPolicy
  /** Cost of each row of a batch, finite and not negative, for `maxCost`; null if the definition counts none. */
  readonly costOf: ((batch: Batch) => ArrayLike<number>) | null
  /** Batches that its executor or its concurrency policy has room for: what `'auto'` keeps in flight at most. 1 or more. */
  readonly concurrency: number
}

/** Says how a call is batched; null where nothing asks for batches. */
export type BatchingOf = (registered: RegisteredFunction, context: InvokeContext) => BatchingOptions | null
