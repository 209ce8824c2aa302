import type { Catalog } from '../../catalog/catalog.ts'
import { type AnalyzedPlan, analyze } from '../analyze/analyze.ts'
import type { Schema } from '../base/dataType.ts'
import { formatType } from '../base/formatType.ts'
import { quoteIdentifier } from '../expr/render.ts'
import { optimize } from '../optimize/optimize.ts'
import { mapPlanInputs } from '../plan/children.ts'
import { appendErrorColumns } from '../plan/errorColumns.ts'
import { scan } from '../plan/factories.ts'
import type { LogicalPlan, MemorySource } from '../plan/plan.ts'
import { renderPlan } from '../plan/render.ts'
import { sharedCallers } from '../plan/shared.ts'
import { ScratchTables } from '../run/scratchTables.ts'
import { type CallInPlace, fusedFunctions, routeInPlace } from '../stage/chooseRoute.ts'
import { planStages, type StagePlan } from '../stage/planStages.ts'
import type { QueryStage, StageInput } from '../stage/stage.ts'
import type { Settings } from './settings.ts'

/** A query as it was understood and as it will be run. */
export interface PlannedQuery extends StagePlan {
  /** What it calls by when it runs. */
  readonly catalog: Catalog
  readonly schema: Schema
  readonly analyzed: LogicalPlan
  readonly optimized: LogicalPlan
  /** Names of the rules that changed the plan, in order. */
  readonly rules: readonly string[]
  /** Stages that several parts of the query read: they are run first, in this order, and their rows stored. */
  readonly stored: readonly StageInput[]
}

interface OptimizedStages {
  readonly optimized: LogicalPlan
  readonly stages: StagePlan
  readonly rules: readonly string[]
}

export interface QueryPlannerOptions {
  readonly catalog: Catalog
  readonly settings: Settings
  /** Binds a query without running it. */
  describe(sql: string): Promise<Schema>
  newRelation(): string
}

/** Takes plans from what was asked to what is run: analyze, optimize, cut into stages. */
export class QueryPlanner {
  readonly #options: QueryPlannerOptions

  constructor(options: QueryPlannerOptions) {
    this.#options = options
  }

  /** The plan with its names and types known. */
  async analyze(plan: LogicalPlan): Promise<AnalyzedPlan> {
    return analyze(appendErrorColumns(plan, this.#options.catalog).plan, {
      catalog: this.#options.catalog,
      describe: async (sql) => this.#options.describe(sql),
      relationFor: ({ id }) => ScratchTables.qualifiedName(id),
    })
  }

  /** `inPlace` holds the calls in the plan's opaque text. */
  async plan(plan: LogicalPlan, inPlace: readonly CallInPlace[] = []): Promise<PlannedQuery> {
    const { plan: analyzed, schema } = await this.analyze(plan)
    const { plan: separate, stored } = await this.#storeShared(analyzed)
    const { optimized, rules, stages } = await this.#stages(separate, inPlace)
    return { ...stages, catalog: this.#options.catalog, schema, analyzed, optimized, rules, stored }
  }

  async #stages(plan: LogicalPlan, inPlace: readonly CallInPlace[]): Promise<OptimizedStages> {
    const { catalog, settings } = this.#options
    const { plan: optimized, trace } = settings.optimize ? optimize(plan, catalog) : { plan, trace: [] }
    const stages = await planStages(optimized, {
      catalog,
      forcedRoute: settings.route,
      inPlace,
      newRelation: () => this.#options.newRelation(),
      describe: (part, relations) => this.#describe(part, relations),
    })
    return { optimized, stages, rules: trace.map(({ rule }) => rule) }
  }

  /** What several parts of the plan read is computed once and stored, so that its calls are made once. */
  async #storeShared(
    plan: LogicalPlan,
  ): Promise<{ readonly plan: LogicalPlan; readonly stored: readonly StageInput[] }> {
    const stored: StageInput[] = []
    const replaced = new Map<LogicalPlan, LogicalPlan>()
    const replace = (node: LogicalPlan): LogicalPlan =>
      replaced.get(node) ?? mapPlanInputs(node, (input) => replaced.get(input) ?? replace(input))
    for (const node of sharedCallers(plan)) {
      const schema = await this.#describe(node, new Map())
      const { stages } = await this.#stages(replace(node), [])
      const relation = this.#options.newRelation()
      stored.push({ relation, stage: stages.root })
      replaced.set(node, scan({ kind: 'memory', id: relation }, schema))
    }
    return { plan: replace(plan), stored }
  }

  /** How the calls in a text are made. */
  callsInText(calls: readonly Omit<CallInPlace, 'reason'>[]): Pick<QueryStage, 'fused' | 'bridges'> {
    const { catalog, settings } = this.#options
    const routed = calls.map((call) => routeInPlace({ ...call, reason: '' }, catalog, settings.route))
    return { fused: fusedFunctions(routed), bridges: routed.some(({ route }) => route === 'bridged') }
  }

  async #describe(plan: LogicalPlan, relations: ReadonlyMap<string, Schema>): Promise<Schema> {
    const relationFor = ({ id }: MemorySource): string => {
      const schema = relations.get(id)
      return schema === undefined ? ScratchTables.qualifiedName(id) : emptyRelation(schema)
    }
    return this.#options.describe(renderPlan(plan, { relationFor }))
  }
}

/** Stands for a relation that exists only while a query runs, with its columns and without rows. */
function emptyRelation(schema: Schema): string {
  const columns = schema.map(
    ({ name, type }) => `CAST(NULL AS ${formatType(type)}) AS ${quoteIdentifier(name)}`,
  )
  return `(SELECT ${columns.length === 0 ? '1' : columns.join(', ')} WHERE false)`
}
