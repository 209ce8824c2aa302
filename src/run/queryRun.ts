import { setMaxListeners } from 'node:events'
import { type Catalog, createCatalog } from '../../catalog/catalog.ts'
import type { CallEvent, CallObserver } from '../../udf/callEvents.ts'
import type { RunScope } from '../../udf/runScope.ts'
import type { Spending } from '../../udf/spending.ts'
import type { TraceCarrier } from '../../udf/traceCarrier.ts'
import type { StatementOwner } from '../duckdb/engine.ts'
import type { CallCount } from '../duckdb/protocol.ts'
import { allBudgets, type Budget, CallBudget, type Ledger, type SharedBudget } from './callBudget.ts'
import { type CalledFunction, CallProfiler, type PriceOf } from './callProfile.ts'
import type { DeadLetters } from './deadLetters.ts'
import type { RunProfile } from './profile/runProfile.ts'

/** What one function did for a query so far. */
export interface CallProfile {
  readonly function: string
  /** Batches that it was called with, each attempt counted. */
  readonly calls: number
  /** Rows of the calls that succeeded. */
  readonly rows: number
  /** Time spent in calls, added up over those that ran at once. */
  readonly milliseconds: number
}

/** How far a query is. */
export interface Progress {
  /** Rows that functions were called for, or that needed no call, of the function that is furthest. */
  readonly rows: number
  /** Null if it is not known. */
  readonly totalRows: number | null
  /** Batches that functions are working on. */
  readonly batchesInFlight: number
  /** How full batches are on average, compared with what they could hold: 0 to 1; null before the first. */
  readonly fill: number | null
  /** Rows that needed no call, batches attempted again, rows that failed for good. */
  readonly savedRows: number
  readonly retries: number
  readonly failedRows: number
  /** What calls have cost. */
  readonly dollars: number
}

/** The run of which queries keep their results, so that it can be resumed. */
export interface RunJournal {
  readonly run: string
  /** Counts the queries of the run: the same query has the same number when the run is resumed. */
  nextQuery(): number
}

export interface QueryRunOptions {
  /** Cancels the query. */
  readonly signal?: AbortSignal | null | undefined
  /** Is told whenever a batch has been called. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** What its calls may cost. */
  readonly budget?: Budget | undefined
  /** What is spent of the budget already, by queries that share it. */
  readonly ledger?: Ledger | undefined
}

/** The span of a stage. */
export interface StageSpan {
  readonly carrier: TraceCarrier | null
  /** `failure` is what the stage failed with; null if it did not. */
  end(failure: unknown): void
}

const untraced: StageSpan = { carrier: null, end: () => {} }

/** What a session adds to each query. */
export interface QueryRunSetup {
  readonly journal?: RunJournal | null
  /** What all queries of its run may cost. */
  readonly runBudget?: SharedBudget | null
  readonly priceOf?: PriceOf
  /** What the query calls by; default an empty one. */
  readonly catalog?: Catalog
  /** Is told of every event as well. */
  readonly observer?: CallObserver | null
  readonly deadLetters?: DeadLetters | null
  /** Where the spans of the query hang; null where it is not traced. */
  readonly trace?: TraceCarrier | null
  readonly openStage?: (stage: string) => StageSpan
  /** Is told at the end what the query did. */
  readonly onEnded?: (query: QueryRun, failure: unknown) => Promise<void>
}

const nothing = createCatalog([])

/** Call sites of a query that can be told apart. */
const SITES_PER_QUERY = 4096

/** One query while it runs: how it is cancelled, what it may spend, and what it has done. */
export class QueryRun implements StatementOwner, RunScope {
  readonly signal: AbortSignal
  readonly catalog: Catalog
  readonly journal: string | null
  /** Tells it from all other queries, the same when its run is resumed; null where it cannot be resumed. */
  readonly place: string | null
  readonly spending: Spending | null
  readonly deadLetters: DeadLetters | null
  readonly trace: TraceCarrier | null
  /** Number of the call site that stands for all calls over the bridge, as {@link newSite} gives them. */
  readonly bridge: number
  /** Rows that its calls are made for; null if that is not known. */
  totalRows: number | null = null
  readonly #onProgress: ((progress: Progress) => void) | null
  readonly #setup: QueryRunSetup
  readonly #profiler: CallProfiler
  readonly #budgets: readonly CallBudget[]
  readonly #begun = new Map<string, { readonly calls: number; readonly rows: number }>()
  readonly #owned: (() => Promise<void>)[] = []
  #site: number
  #batchesInFlight = 0
  #failedRows = 0
  #sent = 0
  #capacity = 0
  #ended: Promise<void> | null = null

  constructor(options: QueryRunOptions = {}, setup: QueryRunSetup = {}) {
    const { signal, onProgress, budget, ledger } = options
    const { journal = null, priceOf, deadLetters = null, runBudget = null } = setup
    this.signal = signal ?? new AbortController().signal
    // Every statement in work listens: more than ten listeners are no leak.
    setMaxListeners(0, this.signal)
    this.catalog = setup.catalog ?? nothing
    this.journal = journal?.run ?? null
    this.deadLetters = deadLetters
    this.trace = setup.trace ?? null
    this.#onProgress = onProgress ?? null
    this.#setup = setup
    this.#profiler = new CallProfiler(priceOf)
    this.#budgets = [
      ...(budget === undefined ? [] : [new CallBudget(budget, priceOf, ledger)]),
      ...(runBudget === null ? [] : [new CallBudget(runBudget.budget, priceOf, runBudget.ledger)]),
    ]
    this.spending = allBudgets(this.#budgets)
    const number = journal?.nextQuery() ?? 0
    this.place = journal === null ? null : `${journal.run}-${number}`
    this.bridge = number * SITES_PER_QUERY
    this.#site = this.bridge + 1
  }

  /** Whom the calls of the query report to. */
  readonly observe: CallObserver = (called, event) => {
    this.#profiler.observe(called, event)
    for (const budget of this.#budgets) budget.observe(called, event)
    this.#setup.observer?.(called, event)
    if (event.kind === 'called' && event.calls !== 0) this.#countFill(event.rows, event.capacity)
    if (event.kind === 'called' || event.kind === 'saved') this.#onProgress?.(this.progress)
  }

  get countsCalls(): boolean {
    return this.spending?.countsCalls ?? false
  }

  /** Everything that was measured. */
  get profile(): RunProfile {
    return this.#profiler.toJSON()
  }

  /** What each function was called for, in the order of first use. */
  get calls(): readonly CallProfile[] {
    return this.profile.functions
      .filter(({ calls }) => calls > 0)
      .map(({ function: name, calls, rows, run }) => ({
        function: name,
        calls,
        rows,
        milliseconds: run.total,
      }))
  }

  get progress(): Progress {
    const { savedRows, retries, failedRows, dollars } = this.#profiler.totals
    return {
      rows: this.#profiler.furthestRows,
      totalRows: this.totalRows,
      batchesInFlight: this.#batchesInFlight,
      fill: this.#capacity === 0 ? null : this.#sent / this.#capacity,
      savedRows,
      retries,
      failedRows,
      dollars,
    }
  }

  /** Rows that failed for good at a call that did not try. */
  get failedRows(): number {
    return this.#failedRows
  }

  addFailedRows(rows: number): void {
    this.#failedRows += rows
  }

  /** Whether somebody wants to know how far it is. */
  get isWatched(): boolean {
    return this.#onProgress !== null
  }

  /** Begins the span of a stage, which its owner ends. */
  openStage(stage: string): StageSpan {
    return this.#setup.openStage?.(stage) ?? untraced
  }

  /** The number of one more call site, the same when the query is run again. */
  newSite(): number {
    return this.#site++
  }

  /** Counts a call over the bridge that begins, and answers what had begun before it. */
  begun(name: string, rows: number): { readonly calls: number; readonly rows: number } {
    const before = this.#begun.get(name) ?? { calls: 0, rows: 0 }
    this.#begun.set(name, { calls: before.calls + 1, rows: before.rows + rows })
    return before
  }

  /** Counts a batch as in flight while it is worked on. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#batchesInFlight++
    try {
      return await work()
    } finally {
      this.#batchesInFlight--
    }
  }

  record(counts: readonly CallCount[]): void {
    for (const { function: name, calls, rows, milliseconds, reports } of counts) {
      const called: CalledFunction = {
        function: name,
        version: this.catalog.functions.get(name)?.version ?? 1,
      }
      this.#profiler.count(called, { calls, rows, milliseconds })
      this.#countFill(rows, rows)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the callbacks of this package's own threads reported
      for (const event of reports) this.observe(called, event as CallEvent)
    }
    if (counts.length > 0) this.#onProgress?.(this.progress)
  }

  onEnd(close: () => Promise<void>): void {
    if (this.#ended === null) this.#owned.push(close)
    else void close()
  }

  /** Gives back what belongs to the query, once. `failure`: what it ended with, null for its rows. */
  async end(failure: unknown = null): Promise<void> {
    this.#ended ??= this.#end(failure)
    await this.#ended
  }

  #countFill(rows: number, capacity: number): void {
    this.#sent += rows
    this.#capacity += Math.max(rows, capacity)
  }

  async #end(failure: unknown): Promise<void> {
    await Promise.all(this.#owned.splice(0).map((close) => close()))
    await this.#setup.onEnded?.(this, failure)
  }
}
