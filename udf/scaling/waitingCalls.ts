import { type CallSignal, onAbort } from '../../src/base/cancellation.ts'
import type { ReplicaLease } from './replica.ts'

/** A timer that never matters but for keeping the process alive. */
const HOLD_MS = 2 ** 30

interface WaitingCall {
  /** Milliseconds since 1970. */
  readonly since: number
  readonly admit: (lease: ReplicaLease) => void
  readonly fail: (error: unknown) => void
}

/** Calls that wait for a place, first come first served. While there are any, the process does not end by itself. */
export class WaitingCalls {
  readonly #calls = new Set<WaitingCall>()
  readonly #onChange: () => void
  #hold: NodeJS.Timeout | null = null

  /** `onChange` is told when calls came or left. */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get size(): number {
    return this.#calls.size
  }

  /** Since when the first one waits, in milliseconds since 1970; null where none does. */
  get since(): number | null {
    const [first] = this.#calls
    return first?.since ?? null
  }

  /** Resolves with what the call is admitted with; rejects with the signal's reason, or what all of them fail with. */
  wait(signal: CallSignal, since: number): Promise<ReplicaLease> {
    return new Promise((resolve, reject) => {
      const stopListening = onAbort(signal, () => {
        this.#remove(call)
        reject(signal.reason)
      })
      const call: WaitingCall = {
        since,
        admit(lease) {
          stopListening()
          resolve(lease)
        },
        fail(error) {
          stopListening()
          reject(error)
        },
      }
      this.#calls.add(call)
      this.#hold ??= setInterval(() => undefined, HOLD_MS)
      this.#onChange()
    })
  }

  /** Admits calls as long as there are places. */
  admit(place: () => ReplicaLease | null): void {
    for (const call of this.#calls) {
      const lease = place()
      if (lease === null) return
      this.#remove(call)
      call.admit(lease)
    }
  }

  failAll(error: unknown): void {
    for (const call of this.#calls) {
      this.#remove(call)
      call.fail(error)
    }
  }

  #remove(call: WaitingCall): void {
    this.#calls.delete(call)
    if (this.#calls.size === 0 && this.#hold !== null) {
      clearInterval(this.#hold)
      this.#hold = null
    }
    this.#onChange()
  }
}
