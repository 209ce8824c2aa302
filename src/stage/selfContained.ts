import type { Expr } from '../expr/expr.ts'
import { someExpr } from '../expr/walk.ts'
import { planExpressions, planInputs } from '../plan/children.ts'
import type { LogicalPlan } from '../plan/plan.ts'

/** Whether a plan reads nothing but files and these relations: no table, view or variable of the session. */
export function isSelfContained(plan: LogicalPlan, relations: ReadonlySet<string>): boolean {
  if (plan.kind === 'opaque') return false
  if (plan.kind === 'scan') {
    const { source } = plan
    if (source.kind === 'table' || (source.kind === 'memory' && !relations.has(source.id))) return false
  }
  if (planExpressions(plan).some((expr) => someExpr(expr, isSubquery))) return false
  return planInputs(plan).every((input) => isSelfContained(input, relations))
}

function isSubquery(expr: Expr): boolean {
  return expr.kind === 'sql' && expr.scope === 'query'
}
