/**
 * Which functions have called which. A call may wait for another that is in flight only where no circle of functions can come of it:
 * two that call each other would wait for each other for ever.
 */
export class CallGraph {
  readonly #called = new Map<string, Set<string>>()
  /** Calls that would have closed a circle. */
  readonly #refused = new Map<string, Set<string>>()

  /** Whether a call from one function to another may wait for a call that is in flight. */
  mayWait(from: string, to: string): boolean {
    if (this.#called.get(from)?.has(to) === true) return true
    if (this.#refused.get(from)?.has(to) === true) return false
    const isCircle = this.#reaches(to, from)
    addTo(isCircle ? this.#refused : this.#called, from, to)
    return !isCircle
  }

  #reaches(from: string, to: string): boolean {
    const seen = new Set([from])
    for (const name of seen) {
      if (name === to) return true
      for (const called of this.#called.get(name) ?? []) seen.add(called)
    }
    return false
  }
}

function addTo(calls: Map<string, Set<string>>, from: string, to: string): void {
  const known = calls.get(from) ?? new Set()
  calls.set(from, known.add(to))
}
