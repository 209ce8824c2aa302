import type { MessagePort } from 'node:worker_threads'

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

/** The first that a thread says: here it sends `WorkerMessage`s and takes `WorkerOrder`s. */
export interface ThreadGreeting {
  readonly callplaneThread: MessagePort
}

export function isGreeting(message: unknown): message is ThreadGreeting {
  return typeof message === 'object' && message !== null && 'callplaneThread' in message
}
