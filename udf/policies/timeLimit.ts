import { type CallSignal, Cancellation, onAbort } from '../../src/base/cancellation.ts'
import type { EngineError } from '../../src/base/errors.ts'
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
  readonly signal: CallSignal
  /** What it fails with when its time is over. */
  readonly expired: () => EngineError
  /** What it fails with when those who wait for it give it up. */
  readonly cancelled: () => EngineError
}

/**
 * Does some work with a signal that aborts when the time is over, or with the given one. Settles as the work does, or rejects at
 * once when either aborts, whatever becomes of the work then. Leaves no timer behind.
 */
export function withinTime<Value>(
  { clock, milliseconds, signal, expired, cancelled }: TimeLimit,
  work: (signal: CallSignal, timer: Timer) => Promise<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancellation = new Cancellation()
    const fail = (error: unknown): void => reject(signal.aborted ? cancelled() : error)
    const abort = (reason: unknown): void => {
      cancellation.abort(reason)
      fail(reason)
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
    work(cancellation, { pause, start }).then(
      (value) => {
        end()
        return resolve(value)
      },
      (error: unknown) => {
        end()
        fail(error)
      },
    )
  })
}
