import type { FunctionSignature, ModuleReference } from '../../catalog/function.ts'
import type { Batch, ColumnData } from '../../src/arrow/column.ts'
import { decodeError, type encodeError } from '../../src/base/errors.ts'
import type { CallEvent } from '../callEvents.ts'
import type { CallResult, HandlerScope, InvokeContext, NestedCall } from '../executor.ts'
import type { ShutdownFailure } from '../functionStates.ts'

type EncodedError = ReturnType<typeof encodeError>

/** A function that a worker can load. */
export interface LoadableFunction {
  readonly module: ModuleReference
  readonly version: number
  /** Calls of an asynchronous handler that the worker makes at once; further batches wait there. */
  readonly callsAtOnce: number
}

/** One batch for a worker: a thread of the pool, or a process. */
export interface CallTask extends LoadableFunction {
  readonly id: number
  readonly batch: Batch
  readonly context: Omit<HandlerScope, 'signal' | 'observer' | 'call' | 'state'>
  /** Whether the worker says when it begins. */
  readonly isTimed: boolean
}

export type TaskReply = (
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

/** What a worker says while it works on tasks. */
export type WorkerMessage =
  | { readonly kind: 'events'; readonly task: number; readonly events: readonly CallEvent[] }
  | { readonly kind: 'begun'; readonly task: number }
  | { readonly kind: 'call'; readonly task: number; readonly id: number; readonly call: NestedCall }
  /** It has functions to shut down before it ends. */
  | { readonly kind: 'holds' }
  | { readonly kind: 'shutdownFailed'; readonly failure: ShutdownFailure }
  /** All functions are shut down. */
  | { readonly kind: 'closed' }

/** What a worker is told. */
export type WorkerOrder =
  | ({ readonly kind: 'answer' } & CallAnswer)
  /** To end what it works on, and to shut its functions down within so many milliseconds. */
  | { readonly kind: 'close'; readonly patience: number }

/** How a call ended that a worker asked for. */
export type CallAnswer = { readonly id: number } & (
  | { readonly values: readonly unknown[] }
  | { readonly error: EncodedError }
)

/** The part of a context that a worker can be sent. */
export function sentContext(context: InvokeContext): CallTask['context'] {
  const { batch, firstRow, metadata, attempt, deadline, reportsRows, secrets, chain, trace } = context
  return {
    batch,
    firstRow,
    metadata,
    attempt,
    deadline,
    reportsRows,
    ...(secrets === undefined ? {} : { secrets }),
    ...(chain === undefined ? {} : { chain }),
    ...(trace == null ? {} : { trace }),
  }
}

/** Throws what the call failed with. */
export function resultOf(reply: TaskReply): CallResult {
  if ('error' in reply) throw decodeError(reply.error)
  const failures = reply.failures.map(({ row, error }) => ({ row, error: decodeError(error) }))
  return { column: reply.column, failures }
}

/** Calls of an asynchronous handler at once, over all workers. */
const ASYNC_CALLS_MAX = 32

/** Calls of the function that one of so many workers makes at once. */
export function callsAtOnce({ async }: FunctionSignature, workers: number): number {
  return async ? Math.ceil(ASYNC_CALLS_MAX / workers) : 1
}

/** Batches to keep in flight: a quarter more than are worked on, and one for each worker, which lie there when it is free for them. */
export function tasksInFlight(signature: FunctionSignature, rowByRow: boolean, workers: number): number {
  const atOnce = signature.style === 'row' && !rowByRow ? 1 : callsAtOnce(signature, workers)
  return (Math.ceil(atOnce * 1.25) + 1) * workers
}
