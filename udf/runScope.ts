import type { Spending } from './spending.ts'

/** One query, as what is done around its calls knows it: what belongs to it is given back at its end. */
export interface RunScope {
  /** The run whose journal keeps each result, so that a resumed run need not call again; null for a query without one. */
  readonly journal: string | null
  /** What the query may spend; absent or null for anything. */
  readonly spending?: Spending | null
  /** Calls back once when the query has ended, or at once if it has. */
  onEnd(close: () => Promise<void>): void
}
