import type { EngineError } from '../src/base/errors.ts'

/** What happened around the calls of one function. `rows` are those of the batch or of its part that is meant. */
export type CallEvent =
  /** A batch was called, or failed to be. */
  | {
      readonly kind: 'called'
      readonly batch: number
      readonly firstRow: number
      readonly rows: number
      /** 0 for rows that went along in a batch which is counted, with its time, for another caller; else absent. */
      readonly calls?: 0
      /** Which attempt, from 1. */
      readonly attempt: number
      /** Rows that the batch could have had: 1 for handlers that take one row at a time. */
      readonly capacity: number
      /** Milliseconds since 1970. */
      readonly started: number
      readonly milliseconds: number
      readonly error: EngineError | null
    }
  /** Rows that were not called, and why. */
  | {
      readonly kind: 'saved'
      readonly by: 'dedupe' | 'inFlight' | 'cache' | 'journal'
      readonly rows: number
    }
  /** A call waited for something that limits it. */
  | {
      readonly kind: 'waited'
      readonly for: 'batch' | 'rateLimit' | 'concurrency' | 'retry'
      readonly milliseconds: number
    }
  /** A batch is about to be attempted again. */
  | { readonly kind: 'retried'; readonly rows: number; readonly error: EngineError }
  /** Rows that failed for good and whose outcome was null, an error column or a dead letter. */
  | { readonly kind: 'failed'; readonly rows: number; readonly error: EngineError }
  /** What a handler or a price says that calls used: units such as tokens, and dollars. */
  | { readonly kind: 'usage'; readonly key: string | null; readonly units: Readonly<Record<string, number>> }
  /** A handler's `context.log`. */
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      /** Plain data: what cannot be sent to another thread is told in text. */
      readonly fields: Readonly<Record<string, unknown>>
    }
  /** A part of a call that its handler measured with `context.span`, told when it ends: inner spans before the outer one. */
  | {
      readonly kind: 'span'
      readonly batch: number
      readonly firstRow: number
      readonly attempt: number
      /** Counts from 1 within the call of the batch. */
      readonly id: number
      /** The span in which it lies; null if that is the call itself. */
      readonly parent: number | null
      readonly name: string
      /** Milliseconds since 1970. */
      readonly started: number
      readonly milliseconds: number
      /** What it failed with, in words. */
      readonly error: string | null
    }

/** Whom calls report to, with the function that was called: profiles, progress, budgets, traces, run reports. */
export type CallObserver = (
  called: { readonly function: string; readonly version: number },
  event: CallEvent,
) => void

/** Tells nobody. */
export const unobserved: CallObserver = () => {}
