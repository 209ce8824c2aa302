import { type CallSignal, onAbort } from '../src/base/cancellation.ts'

interface Waiting {
  readonly most: number
  readonly enter: () => void
}

/**
 * Lets a number of holders in at once; the others wait in the order in which they came. One that asks for fewer holders than
 * others do waits for that, and holds back those behind it: nobody is overtaken for ever.
 */
export class Limiter {
  /** Holders at once, where one that comes does not say. */
  readonly most: number
  #holders = 0
  readonly #waiting = new Set<Waiting>()

  /** `most`: 1 or more. */
  constructor(most: number) {
    this.most = most
  }

  /**
   * Resolves once there are fewer than `most` holders; the new one must `release`. Rejects with the signal's reason if that
   * aborts first.
   */
  async acquire(signal: CallSignal, most: number = this.most): Promise<void> {
    signal.throwIfAborted()
    if (this.tryAcquire(most)) return
    await new Promise<void>((resolve, reject) => {
      const stopListening = onAbort(signal, () => {
        this.#waiting.delete(waiting)
        reject(signal.reason)
        this.#admit()
      })
      const enter = (): void => {
        stopListening()
        resolve()
      }
      const waiting: Waiting = { most, enter }
      this.#waiting.add(waiting)
    })
  }

  /** Lets a holder in if it need not wait. Whether it did. */
  tryAcquire(most: number = this.most): boolean {
    if (this.#waiting.size > 0 || this.#holders >= most) return false
    this.#holders++
    return true
  }

  /** Works as a holder; settles as the work does. */
  async hold<Value>(signal: CallSignal, most: number, work: () => Promise<Value>): Promise<Value> {
    if (signal.aborted || !this.tryAcquire(most)) await this.acquire(signal, most)
    try {
      return await work()
    } finally {
      this.release()
    }
  }

  /** Hands the place over to who has waited longest. */
  release(): void {
    this.#holders--
    this.#admit()
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (this.#holders >= waiting.most) return
      this.#waiting.delete(waiting)
      this.#holders++
      waiting.enter()
    }
  }
}
