import type { Catalog } from '../../catalog/catalog.ts'
import { classifyStatement } from '../../sql/classify.ts'
import { inlineParameters } from '../../sql/inlineParameters.ts'
import type { Parameters } from '../../sql/parameters.ts'
import type { SelectPlan } from '../../sql/planSelect.ts'
import { type PlannedStatement, planStatement, type TextStatement } from '../../sql/planStatement.ts'
import { errorAt } from '../../sql/sqlError.ts'
import { splitStatements } from '../../sql/statements.ts'
import { explainBinding } from '../analyze/explainBinding.ts'
import { EngineError, isEngineError } from '../base/errors.ts'
import { collectCalls } from '../expr/walk.ts'
import { planExpressions, planInputs } from '../plan/children.ts'
import type { LogicalPlan } from '../plan/plan.ts'
import { newLedger } from '../run/callBudget.ts'
import type { SessionConnections } from '../run/connections.ts'
import type { QueryRun, QueryRunOptions } from '../run/queryRun.ts'
import type { PlanService } from './planService.ts'
import type { PlannedQuery } from './queryPlanner.ts'
import { collected, type Result } from './result.ts'
import type { SessionCatalog } from './sessionCatalog.ts'
import type { SessionQueries } from './sessionQueries.ts'
import type { SessionResources } from './sessionResources.ts'
import { textResult } from './textResult.ts'

export interface StatementOptions extends QueryRunOptions {
  readonly parameters: Parameters
}

/** Statements that leave something behind which only their connection sees. */
const tiesToConnection =
  /^\s*(begin|start|set|reset|use|prepare|pragma|create\s+(or\s+replace\s+)?temp(orary)?)\b/i

/** Runs SQL text, statement by statement. */
export class StatementService {
  readonly #connections: SessionConnections
  readonly #catalog: SessionCatalog
  readonly #plans: PlanService
  readonly #queries: SessionQueries

  constructor({ catalog, connections, queries }: SessionResources, plans: PlanService) {
    this.#catalog = catalog
    this.#connections = connections
    this.#queries = queries
    this.#plans = plans
  }

  /** The result of the last statement; those before it are run to their ends. */
  async run(text: string, given: StatementOptions): Promise<Result> {
    // The budget is for all statements together.
    const options = { ...given, ledger: newLedger() }
    const statements = await splitStatements(text, this.#plans.binder)
    const last = statements.at(-1)
    if (last === undefined) throw new EngineError('SQL_INVALID', 'there is no statement in this text')
    for (const statement of statements.slice(0, -1)) {
      const result = await this.#runStatement(statement.text, options)
      await result.drain()
    }
    return this.#runStatement(last.text, options)
  }

  /** The plan of one query; with `analyze` it is run too. */
  async explain(text: string, analyze: boolean, options: StatementOptions): Promise<string> {
    const [statement, ...more] = await splitStatements(text, this.#plans.binder)
    if (statement === undefined || more.length > 0)
      throw new EngineError('SQL_INVALID', 'explain takes one statement')
    const catalog = await this.#catalog.now()
    const planned = await this.#plan(statement.text, options.parameters, catalog)
    const explained = planned.kind === 'explain' ? planned.statement : planned
    const query = this.#queries.open({ ...options, source: text }, catalog)
    try {
      return await this.#explainPlanned(explained, analyze, query)
    } catch (error) {
      await query.end(error)
      throw error
    }
  }

  async #runStatement(text: string, options: StatementOptions): Promise<Result> {
    const catalog = await this.#catalog.now()
    const planned = await this.#plan(text, options.parameters, catalog)
    const query = this.#queries.open({ ...options, source: text }, catalog)
    try {
      return await this.#runPlanned(planned, text, { query, options })
    } catch (error) {
      await query.end(error)
      throw error
    }
  }

  async #runPlanned(
    planned: PlannedStatement,
    text: string,
    { query, options }: { readonly query: QueryRun; readonly options: StatementOptions },
  ): Promise<Result> {
    switch (planned.kind) {
      case 'text':
        try {
          return await this.#runText(planned, query, options.parameters)
        } catch (error) {
          throw atCall(error, text, planned.calls)
        }
      case 'select': {
        return this.#plans.run(await this.#planQuery(planned.query, text, query), query, planned.query.names)
      }
      case 'explain': {
        if (!makesCalls(planned.statement)) {
          return this.#runText({ kind: 'text', text: planned.text, calls: [] }, query, options.parameters)
        }
        return textResult(
          'plan',
          await this.#explainPlanned(planned.statement, planned.analyze, query),
          query,
        )
      }
      case 'copyTo':
      case 'createTableAs':
      case 'insertSelect': {
        const { prefix, suffix } = planned
        const inner = await this.#planQuery(planned.query, text, query)
        const around = (rows: string): string => `${prefix}${rows}${suffix}`
        return this.#runToEnd(async () => this.#plans.runAround(inner, around, query), query)
      }
    }
  }

  async #plan(text: string, parameters: Parameters, catalog: Catalog): Promise<PlannedStatement> {
    return planStatement(text, { binder: this.#plans.binder, catalog, parameters })
  }

  async #planQuery(
    { plan, inPlaceCalls }: SelectPlan,
    statement: string,
    { catalog }: QueryRun,
  ): Promise<PlannedQuery> {
    try {
      return await this.#plans.plan(plan, catalog, inPlaceCalls)
    } catch (error) {
      throw atCall(error, statement, [...plannedCalls(plan), ...inPlaceCalls])
    }
  }

  async #runText(statement: TextStatement, query: QueryRun, parameters: Parameters): Promise<Result> {
    const sql = inlineParameters(statement.text, parameters)
    const run = async (lease: 'result' | 'statement'): Promise<Result> =>
      this.#plans.runText({ sql, calls: statement.calls, lease }, query)
    if (classifyStatement(sql).kind === 'select') return this.#explained(run('result'), query)
    if (tiesToConnection.test(sql)) this.#connections.pin()
    return this.#runToEnd(async () => run('statement'), query)
  }

  /** Statements that change something are run before they are answered, and leave the connection to the next. */
  async #runToEnd(run: () => Promise<Result>, query: QueryRun): Promise<Result> {
    const result = await collected(await this.#explained(run(), query), query)
    this.#plans.binder.forgetFunctions()
    return result
  }

  async #explained<T>(work: Promise<T>, { catalog }: QueryRun): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw explainBinding(error, catalog)
    }
  }

  async #explainPlanned(planned: PlannedStatement, analyze: boolean, query: QueryRun): Promise<string> {
    if (planned.kind === 'text' || planned.kind === 'explain')
      return this.#plans.explainText(planned.text, analyze, query)
    if (analyze && planned.kind !== 'select') {
      throw new EngineError('SQL_INVALID', 'EXPLAIN ANALYZE takes a SELECT when catalog functions are called')
    }
    return this.#plans.explain(await this.#planQuery(planned.query, '', query), analyze, query)
  }
}

function makesCalls(statement: PlannedStatement): boolean {
  return statement.kind === 'text' ? statement.calls.length > 0 : statement.kind !== 'explain'
}

/** Calls that the planner knows, with their places in the statement. */
function plannedCalls(plan: LogicalPlan): readonly CallPlace[] {
  const own = planExpressions(plan).flatMap((expr) => collectCalls(expr))
  return [...own, ...planInputs(plan).flatMap(plannedCalls)]
}

interface CallPlace {
  readonly function: string
  readonly position: number | null
}

/** An error about the arguments of a function shows the first call of it, where the statement has one. */
function atCall(error: unknown, statement: string, calls: readonly CallPlace[]): unknown {
  if (!isEngineError(error) || error.code !== 'WRONG_ARGUMENTS' || error.details.position !== undefined)
    return error
  const position = calls.find((call) => call.function === error.details.function)?.position ?? null
  if (position === null || statement === '') return error
  const { hint } = error.details
  const message = hint === undefined ? error.message : error.message.slice(0, -(hint.length + 3))
  return errorAt('WRONG_ARGUMENTS', message, statement, { ...error.details, position })
}
