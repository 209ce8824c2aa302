import type { EngineError } from '../../src/base/errors.ts'
import { onAbort, untilAborted } from '../abort.ts'
import type { Clock } from '../clock.ts'

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
export async function withinTime<Value>(
  { clock, milliseconds, signal, expired }: TimeLimit,
  work: (signal: AbortSignal, timer: Timer) => Promise<Value>,
): Promise<Value> {
  const controller = new AbortController()
  const stopListening = onAbort(signal, () => controller.abort(signal.reason))
  if (signal.aborted) controller.abort(signal.reason)
  let isOver = false
  let sleeping = new AbortController()
  const pause = (): void => sleeping.abort()
  const start = (): void => {
    pause()
    if (isOver) return
    sleeping = new AbortController()
    clock.sleep(milliseconds, sleeping.signal).then(
      () => controller.abort(expired()),
      () => undefined,
    )
  }
  start()
  try {
    return await untilAborted(controller.signal, work(controller.signal, { pause, start }))
  } finally {
    isOver = true
    pause()
    stopListening()
  }
}
