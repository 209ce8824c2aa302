import type { ModuleReference } from '../../../catalog/function.ts'
import type { Batch, ColumnData } from '../../../src/arrow/column.ts'
import type { encodeError } from '../../../src/base/errors.ts'
import type { HandlerScope } from '../../executor.ts'

/** One batch for a pool thread. */
export interface PoolTask {
  readonly id: number
  readonly module: ModuleReference
  readonly version: number
  readonly batch: Batch
  readonly context: Omit<HandlerScope, 'signal' | 'observer'>
  /** Calls of an asynchronous handler that the thread makes at once; further batches wait in the thread. */
  readonly callsAtOnce: number
}

export type PoolReply = { readonly column: ColumnData } | { readonly error: ReturnType<typeof encodeError> }

/** What a pool thread is started with. */
export interface PoolThreadData {
  /** Name of the BroadcastChannel that brings `CancelMessage`s. */
  readonly channel: string
  readonly status: SharedArrayBuffer
}

/** Told to all threads, for the one that has the task. */
export interface CancelMessage {
  readonly thread: number
  readonly task: number
}
