import type { MessagePort } from 'node:worker_threads'
import type { ModuleReference } from '../../../catalog/function.ts'
import type { Batch, ColumnData } from '../../../src/arrow/column.ts'
import type { encodeError } from '../../../src/base/errors.ts'
import type { CallEvent } from '../../callEvents.ts'
import type { HandlerScope, NestedCall } from '../../executor.ts'

type EncodedError = ReturnType<typeof encodeError>

/** One batch for a pool thread. */
export interface PoolTask {
  readonly id: number
  readonly module: ModuleReference
  readonly version: number
  readonly batch: Batch
  readonly context: Omit<HandlerScope, 'signal' | 'observer' | 'call'>
  /** Calls of an asynchronous handler that the thread makes at once; further batches wait in the thread. */
  readonly callsAtOnce: number
  /** Whether the thread says when it begins. */
  readonly isTimed: boolean
}

export type PoolReply = (
  | {
      readonly column: ColumnData
      readonly failures: readonly { readonly row: number; readonly error: EncodedError }[]
    }
  | { readonly error: EncodedError }
) &
  ReportedEvents

/** What a handler reported and has not been sent yet, after so many messages with the events before. */
export interface ReportedEvents {
  readonly events: readonly CallEvent[]
  readonly messages: number
}

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

/** The first that a thread says: here it sends `ThreadMessage`s and takes `CallAnswer`s. */
export interface ThreadGreeting {
  readonly callplaneThread: MessagePort
}

/** What a thread says while it works on a task. */
export type ThreadMessage =
  | { readonly kind: 'events'; readonly task: number; readonly events: readonly CallEvent[] }
  | { readonly kind: 'begun'; readonly task: number }
  | { readonly kind: 'call'; readonly task: number; readonly id: number; readonly call: NestedCall }

/** How a call ended that a thread asked for. */
export type CallAnswer = { readonly id: number } & (
  | { readonly values: readonly unknown[] }
  | { readonly error: EncodedError }
)
