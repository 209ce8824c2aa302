import type { RunScope } from '../../udf/runScope.ts'
import type { StatementOwner } from '../duckdb/engine.ts'
import type { CallCount } from '../duckdb/protocol.ts'

/** What one function did for a query so far. */
export interface CallProfile {
  readonly function: string
  /** Batches that it was called with. */
  calls: number
  rows: number
  /** Time spent in calls, added up over those that ran at once. */
  milliseconds: number
}

/** How far a query is. */
export interface Progress {
  /** Rows that functions were called for, of the function that is furthest. */
  readonly rows: number
  /** Null if it is not known. */
  readonly totalRows: number | null
  /** Batches that functions are working on. */
  readonly batchesInFlight: number
  /** How full batches are on average, compared with the largest so far: 0 to 1; null before the first. */
  readonly fill: number | null
}

export interface QueryRunOptions {
  /** Cancels the query. */
  readonly signal?: AbortSignal | null | undefined
  /** Is told whenever a batch has been called. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** One query while it runs: how it is cancelled, and what it has done. */
export class QueryRun implements StatementOwner, RunScope {
  readonly signal: AbortSignal
  readonly journal: string | null = null
  readonly #onProgress: ((progress: Progress) => void) | null
  readonly #calls = new Map<string, CallProfile>()
  readonly #begun = new Map<string, { readonly calls: number; readonly rows: number }>()
  readonly #owned: (() => Promise<void>)[] = []
  #batchesInFlight = 0
  #largestBatch = 0

  constructor({ signal, onProgress }: QueryRunOptions = {}) {
    this.signal = signal ?? new AbortController().signal
    this.#onProgress = onProgress ?? null
  }

  onEnd(close: () => Promise<void>): void {
    this.#owned.push(close)
  }

  /** Gives back what belongs to the query; safe to call twice. */
  async end(): Promise<void> {
    await Promise.all(this.#owned.splice(0).map((close) => close()))
  }

  /** What each function was called for, in the order of first use. */
  get calls(): readonly CallProfile[] {
    return [...this.#calls.values()]
  }

  get progress(): Progress {
    const most = this.calls.reduce<CallProfile | null>(
      (a, b) => (a === null || b.rows > a.rows ? b : a),
      null,
    )
    return {
      rows: most?.rows ?? 0,
      totalRows: null,
      batchesInFlight: this.#batchesInFlight,
      fill: most === null || this.#largestBatch === 0 ? null : most.rows / most.calls / this.#largestBatch,
    }
  }

  /** Counts a call over the bridge that begins, and answers what had begun before it. */
  begun(name: string, rows: number): { readonly calls: number; readonly rows: number } {
    const before = this.#begun.get(name) ?? { calls: 0, rows: 0 }
    this.#begun.set(name, { calls: before.calls + 1, rows: before.rows + rows })
    return before
  }

  batchBegins(): void {
    this.#batchesInFlight++
  }

  batchEnds(): void {
    this.#batchesInFlight--
  }

  record(counts: readonly CallCount[]): void {
    for (const { function: name, calls, rows, milliseconds } of counts) {
      const profile = this.#calls.get(name) ?? { function: name, calls: 0, rows: 0, milliseconds: 0 }
      profile.calls += calls
      profile.rows += rows
      profile.milliseconds += milliseconds
      this.#calls.set(name, profile)
      if (calls === 1) this.#largestBatch = Math.max(this.#largestBatch, rows)
    }
    if (counts.length > 0) this.#onProgress?.(this.progress)
  }
}
