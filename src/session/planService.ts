import { type Catalog, lookup } from '../../catalog/catalog.ts'
import { mergeBatching, mergePolicies } from '../../catalog/policy/mergePolicies.ts'
import { policiesCountCalls } from '../../udf/rowByRow.ts'
import type { BatchStream } from '../arrow/batchStream.ts'
import type { Schema } from '../base/dataType.ts'
import type { LogicalPlan } from '../plan/plan.ts'
import { renderPlan } from '../plan/render.ts'
import type { WriteRequest } from '../plan/writeRequest.ts'
import { OwnedStream } from '../run/ownedStream.ts'
import { type CallEstimate, estimateCalls } from '../run/profile/estimateCalls.ts'
import type { QueryRun } from '../run/queryRun.ts'
import { ScratchTables } from '../run/scratchTables.ts'
import type { Wanted } from '../run/stageRunner.ts'
import { overRelation, writeStage } from '../run/writer.ts'
import type { CallInPlace } from '../stage/chooseRoute.ts'
import type { RoutedCall } from '../stage/stage.ts'
import { EngineBinder } from './engineBinder.ts'
import { estimateRows } from './estimateRows.ts'
import { type CallFacts, explainQuery } from './explain.ts'
import { type PlannedQuery, QueryPlanner } from './queryPlanner.ts'
import { type Result, streamed } from './result.ts'
import type { SessionResources } from './sessionResources.ts'
import type { Settings } from './settings.ts'
import { wholeScan } from './wholeScan.ts'

/** A statement around a query, such as INSERT or COPY; it takes its turn on the session's main connection. */
export type AroundQuery = (query: string) => string

/** SQL with calls in place, and who reads its rows. */
export interface PlacedText {
  readonly sql: string
  readonly calls: readonly Omit<CallInPlace, 'reason'>[]
  readonly lease: Wanted['lease']
}

/** Plans and runs logical plans, wherever they come from. */
export class PlanService {
  readonly binder: EngineBinder
  readonly #resources: SessionResources
  readonly #settings: Settings

  constructor(resources: SessionResources, settings: Settings) {
    this.#resources = resources
    this.#settings = settings
    this.binder = new EngineBinder(resources.engine, resources.connections)
  }

  async plan(
    plan: LogicalPlan,
    catalog: Catalog,
    inPlace: readonly CallInPlace[] = [],
  ): Promise<PlannedQuery> {
    return this.#planner(catalog).plan(plan, inPlace)
  }

  /** `names` are those of the result's columns, where they may be equal. */
  async run(planned: PlannedQuery, query: QueryRun, names: readonly string[] | null = null): Promise<Result> {
    await this.#announceRows(planned, query)
    const stream = await this.#withStored(planned, query, async () =>
      this.#resources.runner.run(planned.root, query, this.#settings.batchRows),
    )
    return streamed(stream, query, names)
  }

  async describe(plan: LogicalPlan, catalog: Catalog): Promise<Schema> {
    return (await this.#planner(catalog).analyze(plan)).schema
  }

  /** Runs a statement around the rows of a query, in the session's engine. */
  async runAround(planned: PlannedQuery, around: AroundQuery, query: QueryRun): Promise<Result> {
    await this.#announceRows(planned, query)
    const { runner } = this.#resources
    const stage = { ...overRelation(planned.root, runner), selfContained: false, partitioning: null }
    const wanted: Wanted = { batchRows: this.#settings.batchRows, wrap: around, lease: 'statement' }
    return streamed(
      await this.#withStored(planned, query, async () => runner.runQuery(stage, query, wanted)),
      query,
    )
  }

  /** Runs a statement as DuckDB takes it, whose calls are in place. */
  async runText(statement: PlacedText, query: QueryRun): Promise<Result> {
    const { calls, lease } = statement
    const wanted = {
      batchRows: this.#settings.batchRows,
      lease,
      ...this.#planner(query.catalog).callsInText(calls),
    }
    return streamed(await this.#resources.runner.runText(statement.sql, query, wanted), query)
  }

  /** DuckDB's own explanation of a statement without calls that could be planned. */
  async explainText(text: string, analyze: boolean, query: QueryRun): Promise<string> {
    const sql = `EXPLAIN ${analyze ? 'ANALYZE ' : ''}${text.replace(/^\s*explain\s+(analyze\s+)?/i, '')}`
    const rows = await (await this.runText({ sql, calls: [], lease: 'statement' }, query)).toRows()
    return rows.map((row) => String(Object.values(row).at(-1))).join('\n')
  }

  /** Writes rows to files; answers their number. */
  async write(planned: PlannedQuery, request: WriteRequest, query: QueryRun): Promise<number> {
    const { runner, scratch } = this.#resources
    let failure: unknown = null
    try {
      await this.#announceRows(planned, query)
      await this.#store(planned, query)
      return await writeStage(runner, planned.root, request, query)
    } catch (error) {
      failure = error
      throw error
    } finally {
      for (const { relation } of planned.stored) await scratch.drop(relation)
      await query.end(failure)
    }
  }

  /** With `analyze` the query is run to its end and measured. */
  async explain(planned: PlannedQuery, analyze: boolean, query: QueryRun): Promise<string> {
    const facts = await this.#facts(planned)
    if (!analyze) {
      await query.end()
      return explainQuery(planned, facts)
    }
    const started = performance.now()
    const rows = await (await this.run(planned, query)).drain()
    const seconds = (performance.now() - started) / 1000
    return explainQuery(planned, facts, { rows, seconds, profile: query.profile })
  }

  #planner(catalog: Catalog): QueryPlanner {
    return new QueryPlanner({
      catalog,
      settings: this.#settings,
      describe: (sql) => this.binder.describe(sql),
      newRelation: () => this.#resources.newRelation(),
    })
  }

  async #facts(planned: PlannedQuery): Promise<CallFacts> {
    const { calls } = this.#resources
    const estimates = await this.#estimates(planned)
    return {
      concurrencyOf: (call) => calls.concurrencyOf(call, planned.catalog),
      estimateOf: (call) => estimates.get(call) ?? null,
    }
  }

  async #estimates(planned: PlannedQuery): Promise<ReadonlyMap<RoutedCall, CallEstimate>> {
    const { calls, state } = this.#resources
    const { catalog } = planned
    const estimates = new Map<RoutedCall, CallEstimate>()
    const rows = await this.#estimateRows(planned)
    if (rows === null) return estimates
    for (const call of planned.calls) {
      const { name, version, style, batching, policies } = lookup(catalog, call.function)
      const batchSize = mergeBatching(batching, call.options)?.maxBatchingSize
      const forecast = {
        rows,
        batchSize: typeof batchSize === 'number' ? batchSize : null,
        rowByRow: style === 'row' && policiesCountCalls(mergePolicies(policies, call.options)),
        concurrency: calls.concurrencyOf(call, catalog),
        price: policies.price,
        history: await state.history(name, version),
      }
      estimates.set(call, estimateCalls(forecast))
    }
    return estimates
  }

  /** Null where calls stand in a statement, as DuckDB would make those with constant arguments while it plans, and where rows are stored first. */
  async #estimateRows({ calls, stored, root }: PlannedQuery): Promise<number | null> {
    const isStaged = calls.length > 0 && calls.every(({ route }) => route === 'staged')
    if (!isStaged || stored.length > 0) return null
    return estimateRows(
      root,
      ({ plan }) => renderPlan(plan, { relationFor: ({ id }) => ScratchTables.qualifiedName(id) }),
      (sql) => this.binder.estimateRows(sql),
    )
  }

  /** Tells who watches the query how many rows there will be, where counting them costs next to nothing. */
  async #announceRows({ root, calls }: PlannedQuery, query: QueryRun): Promise<void> {
    const scan = query.isWatched && calls.length > 0 ? wholeScan(root) : null
    if (scan === null) return
    const sites = calls.map((call) => calls.filter((other) => other.function === call.function).length)
    const sql = renderPlan(scan, { relationFor: ({ id }) => ScratchTables.qualifiedName(id) })
    const rows = await this.binder.countRows(sql)
    query.totalRows = rows === null ? null : rows * Math.max(...sites)
  }

  async #store({ stored }: PlannedQuery, query: QueryRun): Promise<void> {
    const { runner, scratch } = this.#resources
    for (const { relation, stage } of stored) await scratch.fill(relation, await runner.run(stage, query))
  }

  /** A stream that reads what was stored for it, which is dropped when it is closed. */
  async #withStored(
    planned: PlannedQuery,
    query: QueryRun,
    start: () => Promise<BatchStream>,
  ): Promise<BatchStream> {
    if (planned.stored.length === 0) return start()
    const drop = async (): Promise<void> => {
      for (const { relation } of planned.stored) await this.#resources.scratch.drop(relation)
    }
    try {
      await this.#store(planned, query)
      return new OwnedStream(await start(), drop)
    } catch (error) {
      await drop()
      throw error
    }
  }
}
