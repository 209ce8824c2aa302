import type { CatalogSnapshot } from '../../catalog/function.ts'
import type { Schema } from '../base/dataType.ts'
import { mapPlanInputs, planInputs } from '../plan/children.ts'
import type { LogicalPlan, MemorySource } from '../plan/plan.ts'
import { renderPlan } from '../plan/render.ts'
import { explainBinding } from './explainBinding.ts'

export interface AnalyzeContext {
  readonly catalog: CatalogSnapshot
  /** Binds a query without running it, with DuckDB's own binder. */
  describe(sql: string): Promise<Schema>
  /** The text that stands for rows which the session holds. */
  relationFor(source: MemorySource): string
}

export interface AnalyzedPlan {
  /** The plan with the columns of every source known. */
  readonly plan: LogicalPlan
  /** The columns of its result. */
  readonly schema: Schema
}

/** Resolves names and types; what is wrong with a query is found here, before anything runs. */
export async function analyze(plan: LogicalPlan, context: AnalyzeContext): Promise<AnalyzedPlan> {
  const describe = async (part: LogicalPlan): Promise<Schema> => {
    const sql = renderPlan(part, { relationFor: (source) => context.relationFor(source) })
    try {
      return await context.describe(sql)
    } catch (error) {
      throw explainBinding(error, context.catalog)
    }
  }
  const resolved = await resolveSources(plan, describe)
  return { plan: resolved, schema: await describe(resolved) }
}

async function resolveSources(
  plan: LogicalPlan,
  describe: (part: LogicalPlan) => Promise<Schema>,
): Promise<LogicalPlan> {
  const resolved = new Map<LogicalPlan, LogicalPlan>()
  for (const input of planInputs(plan)) resolved.set(input, await resolveSources(input, describe))
  const over = mapPlanInputs(plan, (input) => resolved.get(input)!)
  const isUnresolved = (over.kind === 'scan' || over.kind === 'opaque') && over.schema === null
  return isUnresolved ? Object.freeze({ ...over, schema: await describe(over) }) : over
}
