import type { CallTask, LoadableFunction, TaskReply, WorkerMessage, WorkerOrder } from '../taskMessages.ts'

/** What a child process is told. */
export type ChildOrder =
  | WorkerOrder
  | {
      readonly kind: 'task'
      readonly task: CallTask
      /** Whether it says, before each call of the handler, which row it is for. */
      readonly tellsRows: boolean
    }
  | { readonly kind: 'cancel'; readonly task: number }
  /** To yield items: the first at once, each other one when it is asked for with `next`. */
  | { readonly kind: 'stream'; readonly task: CallTask }
  | { readonly kind: 'next'; readonly task: number }
  /** To have it at hand when a task comes. */
  | { readonly kind: 'load'; readonly function: LoadableFunction }

/** What a child process says. */
export type ChildMessage =
  | WorkerMessage
  /** It takes tasks. */
  | { readonly kind: 'ready' }
  /** The task waits for its function. */
  | { readonly kind: 'preparing'; readonly task: number }
  /** Nothing else happens in the process until the task has paused or is done. */
  | { readonly kind: 'working'; readonly task: number }
  | { readonly kind: 'paused'; readonly task: number }
  | { readonly kind: 'item'; readonly task: number; readonly value: unknown }
  | { readonly kind: 'reply'; readonly task: number; readonly reply: TaskReply }

/** The descriptors that a child has beside its standard ones: frames both ways, and lines of `LastWords`. */
export const FRAMES_FD = 3
export const WORDS_FD = 4

/** What may be the last that a process says, written before it happens: `m` and bytes, or `r`, a task and a row. */
export interface LastWords {
  /** Bytes that it takes, above its limit. */
  readonly memory: number | null
  /** Row of the task's batch that a handler was called for last, of a task that tells its rows. */
  readonly row: { readonly task: number; readonly row: number } | null
}

/** What the guard of a child is started with. */
export interface GuardData {
  /** Bytes; null for any number. */
  readonly memoryLimit: number | null
}

/** How long functions may take to shut down when the parent is gone. */
export const ORPHAN_MS_MAX = 800
