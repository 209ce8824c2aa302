import type { FunctionSignature } from '../../catalog/function.ts'
import type { CircuitBreakerPolicy } from '../../catalog/policy/policies.ts'
import { EngineError } from '../../src/base/errors.ts'
import { subjectOf } from '../functionErrors.ts'

/** What a call told of its function: that it answers, the error with which it was unavailable, or nothing. */
export type Outcome = 'reached' | 'unknown' | EngineError

/** Calls that entered between two changes of the circuit; those of an earlier time say nothing about what came after. */
export type Entry = number

/** Whether the calls of one function go through: closed, open, or open with one call that tries. */
export class Circuit {
  readonly #signature: FunctionSignature
  #failures = 0
  #lastError: EngineError | null = null
  /** Null while it is closed. */
  #openUntil: number | null = null
  #probing = false
  #changes: Entry = 0

  constructor(signature: FunctionSignature) {
    this.#signature = signature
  }

  /** Lets a call through, which must `leave`; throws CIRCUIT_OPEN if none may. */
  enter(now: number): Entry {
    if (this.#openUntil === null) return this.#changes
    if (this.#probing || now < this.#openUntil) throw this.#openError(now, this.#openUntil)
    this.#probing = true
    return this.#changes
  }

  leave(
    entry: Entry,
    outcome: Outcome,
    { policy, now }: { readonly policy: CircuitBreakerPolicy; readonly now: number },
  ): void {
    if (entry !== this.#changes) return
    this.#probing = false
    if (outcome === 'unknown') return
    if (outcome === 'reached') {
      this.#failures = 0
      if (this.#openUntil !== null) this.#change(null)
      return
    }
    this.#failures++
    this.#lastError = outcome
    if (this.#openUntil !== null || this.#failures >= policy.failures)
      this.#change(now + policy.resetAfter * 1000)
  }

  #change(openUntil: number | null): void {
    this.#openUntil = openUntil
    this.#changes++
  }

  #openError(now: number, until: number): EngineError {
    const signature = this.#signature
    const { name, version } = signature
    const times = `${this.#failures} ${this.#failures === 1 ? 'time' : 'times in a row'}`
    const [last = ''] = this.#lastError?.message.split('\n', 1) ?? []
    const wait = Math.max(0, until - now)
    const again = this.#probing
      ? 'another call is trying it now'
      : `it is tried again in ${Math.ceil(wait / 100) / 10} s`
    return new EngineError(
      'CIRCUIT_OPEN',
      `${subjectOf({ signature })} was unavailable ${times} and is left alone, ${again}; it said: ${last}`,
      { function: name, version, ...(this.#probing ? {} : { retryAfter: wait }) },
      this.#lastError ?? undefined,
    )
  }
}
