import { onAbort } from './abort.ts'

/** Lets a number of holders in at once; the others wait in the order in which they came. */
export class Limiter {
  /** Holders at once. */
  readonly most: number
  #free: number
  readonly #waiting = new Set<() => void>()

  /** `most`: 1 or more. */
  constructor(most: number) {
    this.most = most
    this.#free = most
  }

  /** Resolves once there is room; the holder must `release`. Rejects with the signal's reason if that aborts first. */
  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const stopListening = onAbort(signal, () => {
        this.#waiting.delete(enter)
        reject(signal.reason)
      })
      const enter = (): void => {
        stopListening()
        resolve()
      }
      this.#waiting.add(enter)
    })
  }

  /** Hands the place over to who has waited longest. */
  release(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free++
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
