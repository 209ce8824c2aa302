import { join } from 'node:path'
import type { Catalog } from '../../catalog/catalog.ts'
import type { CallObserver } from '../../udf/callEvents.ts'
import { BufferedStream } from '../arrow/bufferedStream.ts'
import type { Batch } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'
import { scan } from '../plan/factories.ts'
import type { WriteRequest } from '../plan/writeRequest.ts'
import type { PriceOf } from '../run/callProfile.ts'
import { DeadLetters } from '../run/deadLetters.ts'
import { QueryRun, type QueryRunOptions } from '../run/queryRun.ts'
import type { ScratchTables } from '../run/scratchTables.ts'
import type { StageRunner } from '../run/stageRunner.ts'
import { writeStage } from '../run/writer.ts'
import type { QueryStage } from '../stage/stage.ts'
import { traceQuery, traceStage } from '../telemetry/querySpans.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { ActiveRun } from './activeRun.ts'
import type { SessionCatalog } from './sessionCatalog.ts'
import type { SessionState } from './sessionState.ts'

export interface SessionQueriesOptions {
  readonly state: SessionState
  readonly catalog: SessionCatalog
  /** The run that the session belongs to. */
  readonly run: ActiveRun | null
  readonly priceOf: PriceOf
  readonly scratch: ScratchTables
  readonly runner: StageRunner
  readonly observer: CallObserver | null
  readonly tracing: Tracing
}

/** One query that begins. */
export interface QueryStart extends QueryRunOptions {
  /** The statement, or what stands for it. */
  readonly source: string
  /** The run that it alone belongs to. */
  readonly run?: ActiveRun | undefined
}

/** Begins the queries of a session. */
export class SessionQueries {
  readonly #options: SessionQueriesOptions

  constructor(options: SessionQueriesOptions) {
    this.#options = options
  }

  /** The run that the session belongs to. */
  get run(): ActiveRun | null {
    return this.#options.run
  }

  /** A query that calls by this catalog until it ends. */
  open({ source, run: own, ...options }: QueryStart, catalog: Catalog): QueryRun {
    const { priceOf, observer, tracing } = this.#options
    const run = own ?? this.#options.run
    const release = this.#options.catalog.use(catalog)
    const letters = new QueryLetters(this.#options, run, source)
    const span = traceQuery({ statement: source, run: run?.id ?? null }, tracing)
    return new QueryRun(options, {
      journal: run?.journal ?? null,
      runBudget: run?.budget ?? null,
      priceOf,
      catalog,
      observer,
      deadLetters: letters.deadLetters,
      trace: span.carrier,
      openStage: (stage) => traceStage(span.carrier, stage),
      onEnded: async (query, failure) => {
        release()
        span.end(failure)
        run?.add(query)
        await letters.close(query)
      },
    })
  }
}

/** A statement over what the session's own engine holds. */
const ownQuery: Omit<QueryStage, 'plan'> = {
  kind: 'query',
  inputs: [],
  selfContained: false,
  fused: [],
  bridges: false,
  partitioning: null,
}

const letterFile: Omit<WriteRequest, 'path'> = {
  format: 'parquet',
  directory: false,
  partitionBy: [],
  mode: 'overwrite',
  options: { compression: 'zstd' },
}

/** The dead letters of one query. One that belongs to no run becomes one with its first dead letter, so that it can be retried. */
class QueryLetters {
  readonly deadLetters: DeadLetters
  readonly #options: SessionQueriesOptions
  readonly #source: string
  #run: ActiveRun | null
  #own: ActiveRun | null = null
  #files = 0

  constructor(options: SessionQueriesOptions, run: ActiveRun | null, source: string) {
    this.#options = options
    this.#run = run
    this.#source = source
    this.deadLetters = new DeadLetters((name, schema, batch) => this.#write(name, schema, batch))
  }

  async close(query: QueryRun): Promise<void> {
    await this.deadLetters.close()
    this.#own?.add(query)
    await this.#own?.end()
  }

  /** Answers the run to which they belong. */
  async #write(functionName: string, schema: Schema, batch: Batch): Promise<string> {
    const { scratch, runner } = this.#options
    const run = await this.#runId()
    const path = join(
      this.#options.state.runDirectory(run),
      'dead-letters',
      `${functionName}-${process.pid}-${String(this.#files++).padStart(4, '0')}.parquet`,
    )
    const relation = runner.newRelation()
    const plan = scan({ kind: 'memory', id: relation }, schema)
    try {
      await scratch.fill(relation, new BufferedStream(schema, [batch]))
      await writeStage(runner, { ...ownQuery, plan }, { ...letterFile, path }, new QueryRun())
      return run
    } finally {
      await scratch.drop(relation)
    }
  }

  async #runId(): Promise<string> {
    if (this.#run === null) {
      const start = { name: null, source: this.#source, fingerprint: '', resume: false }
      this.#own = await ActiveRun.start(this.#options.state, start)
      this.#run = this.#own
    }
    return this.#run.id
  }
}
