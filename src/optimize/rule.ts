import type { CatalogSnapshot } from '../../catalog/function.ts'
import type { LogicalPlan } from '../plan/plan.ts'
import type { FreshNames } from './freshNames.ts'

/** What rules may ask. */
export interface RuleContext {
  readonly catalog: CatalogSnapshot
  readonly names: FreshNames
}

/**
 * One way to make a plan better without changing its rows, their order or its columns. A rule that finds nothing to do gives
 * back the same object.
 */
export interface Rule {
  /** As its file is called. */
  readonly name: string
  apply(plan: LogicalPlan, context: RuleContext): LogicalPlan
}
