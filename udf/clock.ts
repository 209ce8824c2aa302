import { type CallSignal, onAbort } from '../src/base/cancellation.ts'

/** Time as policies see it; tests bring a virtual one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after so many milliseconds; rejects with the signal's reason as soon as that aborts. */
  sleep(milliseconds: number, signal: CallSignal): Promise<void>
}

/** A number from 0 to below 1. */
export type Random = () => number

/** What a timer of Node can count. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** The machine's own time. A sleep keeps its process alive: somebody waits for what comes after it. */
export const systemClock: Clock = createClock((timer) => timer)

/** The same, for what goes on beside the work of a process: nothing waits for it, and the process may end in its sleep. */
export const backgroundClock: Clock = createClock((timer) => timer.unref())

function createClock(prepared: (timer: NodeJS.Timeout) => NodeJS.Timeout): Clock {
  return {
    now: () => Date.now(),
    async sleep(milliseconds, signal) {
      signal.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        let timer: NodeJS.Timeout
        const stopListening = onAbort(signal, () => {
          clearTimeout(timer)
          reject(signal.reason)
        })
        const wait = (left: number): void => {
          timer = prepared(
            setTimeout(
              () => (left > TIMER_MS_MAX ? wait(left - TIMER_MS_MAX) : wake()),
              Math.min(left, TIMER_MS_MAX),
            ),
          )
        }
        const wake = (): void => {
          stopListening()
          resolve()
        }
        wait(milliseconds)
      })
    },
  }
}
