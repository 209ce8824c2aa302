import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { Flights } from './flights.ts'
import { KnownResults } from './knownResults.ts'
import { MemoryBudget } from './memoryBudget.ts'

/** What one run remembers and has in flight; given back at its end. */
export class RunMemory {
  /** Calls that no other query may share. */
  readonly flights: Flights = new Flights()
  readonly #budget: MemoryBudget
  readonly #known = new Map<RegisteredFunction['definition'], KnownResults>()
  #isClosed = false

  /** `memoryLimit`: bytes. */
  constructor(memoryLimit: number) {
    this.#budget = new MemoryBudget(memoryLimit)
  }

  /** Null once the run has ended: nothing is remembered any more. */
  knownOf(registered: RegisteredFunction): KnownResults | null {
    if (this.#isClosed) return null
    const known = this.#known.get(registered.definition) ?? new KnownResults(registered, this.#budget)
    this.#known.set(registered.definition, known)
    return known
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const known = [...this.#known.values()]
    this.#known.clear()
    await Promise.all(known.map((results) => results.close()))
  }
}
