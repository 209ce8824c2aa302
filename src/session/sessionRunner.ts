import type { Catalog } from '../../catalog/catalog.ts'
import type {
  MemoryContent,
  PlanRunner,
  QueryResult,
  RunOptions,
  SqlParameters,
  WriteRunOptions,
} from '../../dataframe/planRunner.ts'
import { planExpression } from '../../sql/planExpression.ts'
import { planSelect } from '../../sql/planSelect.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { Expr } from '../expr/expr.ts'
import type { LogicalPlan, MemorySource } from '../plan/plan.ts'
import { formatPlan } from '../plan/print.ts'
import type { WriteRequest } from '../plan/writeRequest.ts'
import type { QueryRun } from '../run/queryRun.ts'
import { ActiveRun } from './activeRun.ts'
import type { MemorySources } from './memorySources.ts'
import type { PlanService } from './planService.ts'
import type { PlannedQuery } from './queryPlanner.ts'
import { collected, type Result } from './result.ts'
import type { SessionCatalog } from './sessionCatalog.ts'
import type { SessionQueries } from './sessionQueries.ts'
import type { SessionResources } from './sessionResources.ts'
import type { SessionState } from './sessionState.ts'

/** Runs the plans that DataFrames build. */
export class SessionRunner implements PlanRunner {
  readonly #catalog: SessionCatalog
  readonly #queries: SessionQueries
  readonly #state: SessionState
  readonly #plans: PlanService
  readonly #memory: MemorySources

  constructor({ catalog, queries, state }: SessionResources, plans: PlanService, memory: MemorySources) {
    this.#catalog = catalog
    this.#queries = queries
    this.#state = state
    this.#plans = plans
    this.#memory = memory
  }

  async run<Row>(plan: LogicalPlan, options: RunOptions): Promise<QueryResult<Row>> {
    return (await this.#start(plan, await this.#open(options))) as Result<Row>
  }

  async collect<Row>(plan: LogicalPlan, options: RunOptions): Promise<QueryResult<Row>> {
    const query = await this.#open(options)
    return (await collected(await this.#start(plan, query), query)) as Result<Row>
  }

  async write(plan: LogicalPlan, request: WriteRequest, options: WriteRunOptions): Promise<number> {
    const { run: name, resume = false } = options
    const catalog = await this.#catalog.now()
    const planned = await this.#plans.plan(plan, catalog)
    if (name === undefined) {
      const rows = await this.#plans.write(planned, request, this.#openBy(catalog, options))
      this.#queries.run?.addRows(rows)
      return rows
    }
    const fingerprint = formatPlan(planned.analyzed)
    const start = { name, source: `write ${request.path}`, fingerprint, resume }
    const run = await ActiveRun.start(this.#state, start)
    try {
      const rows = await this.#plans.write(planned, request, this.#openBy(catalog, options, run))
      run.addRows(rows)
      await run.end()
      return rows
    } catch (error) {
      await run.end(error)
      throw error
    }
  }

  async explain(plan: LogicalPlan, { analyze }: { readonly analyze: boolean }): Promise<string> {
    const query = await this.#open()
    return this.#plans.explain(await this.#planned(plan, query), analyze, query)
  }

  async describe(plan: LogicalPlan): Promise<Schema> {
    return this.#plans.describe(plan, await this.#catalog.now())
  }

  async planSql(text: string, parameters: SqlParameters): Promise<LogicalPlan> {
    const context = { binder: this.#plans.binder, catalog: await this.#catalog.now(), parameters }
    const planned = await planSelect(text, context)
    if (planned === null) {
      throw new EngineError('SQL_INVALID', 'this statement is no SELECT that a DataFrame can be made of', {
        hint: 'run it with session.sql, or create a view or table of it and use DataFrame.table',
      })
    }
    return planned.plan
  }

  async parseExpression(text: string): Promise<Expr> {
    return planExpression(text, { binder: this.#plans.binder, catalog: await this.#catalog.now() })
  }

  async memorySource(content: MemoryContent): Promise<MemorySource> {
    return this.#memory.sourceOf(content)
  }

  async #open(options: RunOptions = {}): Promise<QueryRun> {
    return this.#openBy(await this.#catalog.now(), options)
  }

  #openBy(catalog: Catalog, { signal, budget }: RunOptions, run?: ActiveRun): QueryRun {
    return this.#queries.open({ source: 'DataFrame', signal, budget, run }, catalog)
  }

  async #planned(plan: LogicalPlan, query: QueryRun): Promise<PlannedQuery> {
    try {
      return await this.#plans.plan(plan, query.catalog)
    } catch (error) {
      await query.end(error)
      throw error
    }
  }

  async #start(plan: LogicalPlan, query: QueryRun): Promise<Result> {
    const planned = await this.#planned(plan, query)
    try {
      return await this.#plans.run(planned, query)
    } catch (error) {
      await query.end(error)
      throw error
    }
  }
}
