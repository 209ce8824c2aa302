import { setImmediate } from 'node:timers/promises'
import { type CallSignal, onAbort } from '../src/base/cancellation.ts'
import type { Clock } from '../udf/clock.ts'

interface Sleep {
  readonly due: number
  readonly wake: () => void
}

/**
 * Time that passes when a test says so. Between two instants everything runs that needs no time of its own: promises, and
 * callbacks of the event loop that are ready.
 */
export class VirtualClock implements Clock {
  #now: number
  /** By due time; those of one instant in the order in which they came. */
  readonly #sleeps: Sleep[] = []

  /** `start`: milliseconds since 1970. */
  constructor(start = 1_700_000_000_000) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  /** Sleeps that have neither ended nor been aborted: timers that somebody left behind, if nobody is waiting. */
  get pending(): number {
    return this.#sleeps.length
  }

  async sleep(milliseconds: number, signal: CallSignal): Promise<void> {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const stopListening = onAbort(signal, () => {
        this.#sleeps.splice(this.#sleeps.indexOf(sleep), 1)
        reject(signal.reason)
      })
      const wake = (): void => {
        stopListening()
        resolve()
      }
      const sleep: Sleep = { due: this.#now + Math.max(0, milliseconds), wake }
      this.#sleeps.splice(this.#placeAfter(sleep.due), 0, sleep)
    })
  }

  /** Lets so many milliseconds pass, and everything happen that falls due in them, each at its time. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    await this.settle()
    while ((this.#sleeps[0]?.due ?? Infinity) <= end) await this.#step()
    this.#now = end
  }

  /** Lets time pass from one sleep to the next until `work` is settled, and settles like it. Fails if it waits for no sleep. */
  async until<Value>(work: Promise<Value>): Promise<Value> {
    const progress = { settled: false, idle: 0 }
    const end = (): void => {
      progress.settled = true
    }
    work.then(end, end)
    await this.settle()
    while (!progress.settled) {
      if (this.#sleeps.length > 0) progress.idle = 0
      else if (++progress.idle > 1000)
        throw new Error('nobody sleeps on the virtual clock, and the work is not done')
      await this.#step()
    }
    return work
  }

  /** Lets everything run that needs no time. */
  async settle(): Promise<void> {
    await setImmediate()
  }

  /** To the next instant at which a sleep ends. */
  async #step(): Promise<void> {
    const [first] = this.#sleeps
    if (first !== undefined) {
      this.#now = first.due
      for (const { wake } of this.#sleeps.splice(0, this.#placeAfter(first.due))) wake()
    }
    await this.settle()
  }

  #placeAfter(due: number): number {
    let [low, high] = [0, this.#sleeps.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sleeps[middle]!.due <= due) low = middle + 1
      else high = middle
    }
    return low
  }
}
