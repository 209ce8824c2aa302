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

/** What a timer of Node can count. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** The machine's own time. A sleep keeps its process alive: somebody waits for what comes after it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    try {
      let left = milliseconds
      for (; left > TIMER_MS_MAX; left -= TIMER_MS_MAX) await setTimeout(TIMER_MS_MAX, undefined, { signal })
      await setTimeout(left, undefined, { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  },
}
