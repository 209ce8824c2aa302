import type { CatalogSnapshot } from '../../../catalog/function.ts'
import type { Expr } from '../../expr/expr.ts'
import type { CallProjectPlan } from '../../plan/plan.ts'

/** Microseconds a row, of a function that does not say. */
const DEFAULT_COST = 10

/** Microseconds a row, of a function that waits for something: batches, a promise. */
const WAITING_COST = 1_000

/** Share of rows that a condition lets pass, if nothing is said. */
const DEFAULT_SELECTIVITY = 0.5

/** What a call costs for each row; one for the whole query costs nothing. */
export function callCost(call: CallProjectPlan, { functions }: CatalogSnapshot): number {
  const signature = functions.get(call.function)
  if (call.once) return 0
  if (signature === undefined) return DEFAULT_COST
  return (
    signature.costPerRow ?? (signature.async || signature.batching !== null ? WAITING_COST : DEFAULT_COST)
  )
}

/** The share of rows for which a condition is true, as the functions say of themselves. */
export function selectivity(
  condition: Expr,
  calls: ReadonlyMap<string, CallProjectPlan>,
  { functions }: CatalogSnapshot,
): number {
  const call = condition.kind === 'column' ? calls.get(condition.name) : undefined
  const said = call === undefined ? null : (functions.get(call.function)?.selectivity ?? null)
  return said ?? DEFAULT_SELECTIVITY
}
