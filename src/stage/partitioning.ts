import type { Expr, NamedExpr, SqlExpr } from '../expr/expr.ts'
import { column, sql } from '../expr/factories.ts'
import { someExpr } from '../expr/walk.ts'
import { mapPlanInputs, planExpressions, planInputs } from '../plan/children.ts'
import { aggregate } from '../plan/factories.ts'
import type { AggregatePlan, LogicalPlan } from '../plan/plan.ts'
import type { Partitioning, SharedScan } from './stage.ts'

/** How a plan's rows can be shared between engines by ranges of one parquet scan; null if they can't. */
export function findPartitioning(plan: LogicalPlan): Partitioning | null {
  if (isRowWise(plan)) {
    return { scan: sharedScan(plan), partPlan: (part) => replaceScan(plan, part), combine: null }
  }
  const aggregated = findAggregate(plan)
  if (aggregated === null || !isRowWise(aggregated.input)) return null
  const split = splitAggregate(aggregated)
  if (split === null) return null
  return {
    scan: sharedScan(aggregated.input),
    partPlan: (part) => replaceScan(split.partial, part),
    combine: (partials) => replaceNode(plan, aggregated, split.combine(partials)),
  }
}

/** Whether each row of the plan comes from one row of a single parquet scan, independent of all others. */
export function isRowWise(plan: LogicalPlan): boolean {
  switch (plan.kind) {
    case 'scan':
      return plan.source.kind === 'parquet'
    case 'project':
    case 'filter':
    case 'callProject':
    case 'explode':
      return planExpressions(plan).every((expr) => !someExpr(expr, seesOtherRows)) && isRowWise(plan.input)
    default:
      return false
  }
}

function seesOtherRows(expr: Expr): boolean {
  return expr.kind === 'sql' && (expr.scope !== 'row' || expr.volatile)
}

function sharedScan(plan: LogicalPlan): SharedScan {
  if (plan.kind === 'scan' && plan.source.kind === 'parquet') return { ...plan, source: plan.source }
  return sharedScan(planInputs(plan)[0]!)
}

function replaceScan(plan: LogicalPlan, part: LogicalPlan): LogicalPlan {
  return plan.kind === 'scan' ? part : mapPlanInputs(plan, (input) => replaceScan(input, part))
}

function replaceNode(plan: LogicalPlan, node: LogicalPlan, replacement: LogicalPlan): LogicalPlan {
  return plan === node ? replacement : mapPlanInputs(plan, (input) => replaceNode(input, node, replacement))
}

function findAggregate(plan: LogicalPlan): AggregatePlan | null {
  switch (plan.kind) {
    case 'aggregate':
      return plan
    case 'project':
    case 'filter':
    case 'sort':
    case 'limit':
    case 'distinct':
      return findAggregate(plan.input)
    default:
      return null
  }
}

interface SplitAggregate {
  readonly partial: AggregatePlan
  combine(partials: LogicalPlan): LogicalPlan
}

/** The aggregate over partial results that equals the aggregate over all rows, for those functions that have one. */
const combiners: Readonly<Record<string, (partial: Expr) => Expr>> = {
  sum: (partial) => aggregateOf('sum', partial),
  min: (partial) => aggregateOf('min', partial),
  max: (partial) => aggregateOf('max', partial),
  bool_and: (partial) => aggregateOf('bool_and', partial),
  bool_or: (partial) => aggregateOf('bool_or', partial),
  count: (partial) =>
    sql(['CAST(coalesce(', ', 0) AS BIGINT)'], [aggregateOf('sum', partial)], { scope: 'aggregate' }),
}

function aggregateOf(name: string, arg: Expr): Expr {
  return sql([`${name}(`, ')'], [arg], { scope: 'aggregate' })
}

function splitAggregate(plan: AggregatePlan): SplitAggregate | null {
  if (plan.groupingSets !== null) return null
  const partials: NamedExpr[] = []
  const combined: NamedExpr[] = []
  for (const { name, expr } of plan.aggregates) {
    const partial = `__partial_${partials.length}`
    const combine = expr.kind === 'sql' ? combiners[aggregateName(expr) ?? ''] : undefined
    if (combine === undefined) return null
    partials.push({ name: partial, expr })
    combined.push({ name, expr: combine(column(partial)) })
  }
  const keys = plan.keys.map((key, index) => ({ name: `__key_${index}`, expr: key.expr }))
  const finalKeys = plan.keys.map((key, index) => ({ name: key.name, expr: column(`__key_${index}`) }))
  return {
    partial: aggregate(plan.input, keys, partials),
    combine: (rows) => aggregate(rows, finalKeys, combined),
  }
}

/** `sum` for `sum(x)` and `sum(x) FILTER (WHERE p)`; null for DISTINCT, ORDER BY and anything more than one aggregate. */
function aggregateName(expr: SqlExpr): string | null {
  const text = expr.parts.join('?')
  return /^"?(\w+)"?\((\?|\*)?\)( FILTER \(WHERE \?\))?$/i.exec(text)?.[1]?.toLowerCase() ?? null
}
