import { setTimeout } from 'node:timers/promises'

/** Time as policies see it; tests bring a virtual one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after so many milliseconds; rejects with the signal's reason as soon as that aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** A number from 0 to below 1. */
export type Random = () => number

/** The machine's own time. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    try {
      await setTimeout(milliseconds, undefined, { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  },
}
