import type { EngineError } from '../src/base/errors.ts'

/** What happened around the calls of one function. `rows` are those of the batch or of its part that is meant. */
export type CallEvent =
  /** A batch was called, or failed to be. */
  | {
      readonly kind: 'called'
      readonly batch: number
      readonly firstRow: number
      readonly rows: number
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
      readonly fields: Readonly<Record<string, unknown>>
    }

/** Whom calls report to, with the function that was called: profiles, progress, budgets, traces, run reports. */
export type CallObserver = (
  called: { readonly function: string; readonly version: number },
  event: CallEvent,
) => void

/** Tells nobody. */
export const unobserved: CallObserver = () => {}
