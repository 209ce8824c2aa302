import type { EngineError } from '../../src/base/errors.ts'
import { onAbort } from '../abort.ts'
import type { Clock } from '../clock.ts'
import { ringAt } from './alarms.ts'

/** The time that work has. */
export interface Timer {
  /** Nothing is counted until it starts. */
  pause(): void
  /** Counts from now on. */
  start(): void
}

/** What may take some time, and not more. */
export interface TimeLimit {
  readonly clock: Clock
  readonly milliseconds: number
  /** Of those who wait for it. */
  readonly signal: AbortSignal
  /** What it fails with when its time is over. */
  readonly expired: () => EngineError
}

/**
 * Does some work with a signal that aborts when the time is over, or with the given one. Settles as the work does, or rejects
 * with the signal's reason at once, whatever becomes of the work then. Leaves no timer behind.
 */
export function withinTime<Value>(
  { clock, milliseconds, signal, expired }: TimeLimit,
  work: (signal: AbortSignal, timer: Timer) => Promise<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    const abort = (reason: unknown): void => {
      controller.abort(reason)
      reject(reason)
    }
    const stopListening = onAbort(signal, () => abort(signal.reason))
    if (signal.aborted) abort(signal.reason)
    let isOver = false
    let turnOff: (() => void) | null = null
    const pause = (): void => turnOff?.()
    const start = (): void => {
      pause()
      if (isOver) return
      turnOff = ringAt(clock, clock.now() + milliseconds, () => abort(expired()))
    }
    start()
    const end = (): void => {
      isOver = true
      pause()
      stopListening()
    }
    void work(controller.signal, { pause, start }).finally(end).then(resolve, reject)
  })
}
