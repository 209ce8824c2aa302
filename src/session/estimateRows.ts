import type { Stage } from '../stage/stage.ts'

/** Asks DuckDB how many rows a query will probably give; null where it does not say. */
export type EstimateQuery = (sql: string) => Promise<number | null>

interface PlanNode {
  readonly children?: readonly PlanNode[]
  readonly extra_info?: { readonly 'Estimated Cardinality'?: string }
}

/** What `EXPLAIN (FORMAT json)` estimates for the root of a plan; null where it says nothing. */
export function estimatedCardinality(explained: string): number | null {
  const parsed: unknown = JSON.parse(explained)
  const [root] = Array.isArray(parsed) ? (parsed as readonly PlanNode[]) : []
  return root === undefined ? null : cardinalityOf(root)
}

/** A projection may say nothing; what it reads does then. */
function cardinalityOf({ extra_info: info, children = [] }: PlanNode): number | null {
  const estimate = Number(info?.['Estimated Cardinality'])
  if (Number.isFinite(estimate)) return estimate
  const [only, ...others] = children
  return only === undefined || others.length > 0 ? null : cardinalityOf(only)
}

/** Rows that the first call stage below will probably be called for; null where nobody can tell. `render`: the query of a stage. */
export async function estimateRows(
  stage: Stage,
  render: (stage: Extract<Stage, { kind: 'query' }>) => string,
  estimate: EstimateQuery,
): Promise<number | null> {
  if (stage.kind === 'call') return estimateRows(stage.input, render, estimate)
  const [input, ...others] = stage.inputs
  if (input === undefined) return estimate(render(stage))
  return others.length > 0 ? null : estimateRows(input.stage, render, estimate)
}
