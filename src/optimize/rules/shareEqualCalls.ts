import { exprKey } from '../../expr/equal.ts'
import type { Expr } from '../../expr/expr.ts'
import { caseWhen, column } from '../../expr/factories.ts'
import { isRowWise, isVolatile } from '../../expr/walk.ts'
import { outputColumns } from '../../plan/columns.ts'
import { callProject, project } from '../../plan/factories.ts'
import type { CallProjectPlan, LogicalPlan } from '../../plan/plan.ts'
import { guardConditions, isNotTrue, within } from '../lift/guard.ts'
import { passing, transformPlan } from '../rewrite.ts'
import type { Rule, RuleContext } from '../rule.ts'
import { type Found, findCall } from '../share/findCall.ts'

/**
 * Equal calls of a function that is not volatile are made once: the upper one reads the column of the lower one, which is
 * then made for the rows that either needs.
 *
 * ```text
 * project a, p = x, q = y
 *   call y = shout(c) where d
 *     call x = shout(c) where (a > 3)
 *       scan table t
 * ->
 * project a, p = x, q = y
 *   project a, b, c, d, e, x, y = x
 *     call x = shout(c) where ((a > 3) OR d)
 *       scan table t
 * ```
 *
 * Below a filter or LIMIT a call is never made for more rows than before: there the upper one is made for those rows that
 * the lower one left out.
 */
export const shareEqualCalls: Rule = {
  name: 'shareEqualCalls',
  apply: (plan, context) =>
    transformPlan(plan, (node) => (node.kind === 'callProject' ? share(node, context) : node)),
}

function share(upper: CallProjectPlan, context: RuleContext): LogicalPlan {
  const columns = outputColumns(upper.input)
  if (columns === null || !isRepeatable(upper, context)) return upper
  const found = findCall(upper)
  if (found === null) return upper
  const read: Expr = column(found.column)
  if (found.covers === null) {
    return project(found.plan, [...passing(columns), { name: upper.name, expr: read }])
  }
  return callTheRest(upper, found, found.covers, context)
}

function isRepeatable(plan: CallProjectPlan, { catalog }: RuleContext): boolean {
  const known = catalog.functions.get(plan.function)
  if (known === undefined || known.volatility === 'volatile') return false
  const inputs = plan.metadata === null ? plan.args : [...plan.args, plan.metadata]
  return inputs.every((expr) => isRowWise(expr) && !isVolatile(expr, catalog))
}

function callTheRest(
  upper: CallProjectPlan,
  found: Found,
  covers: Expr,
  { names }: RuleContext,
): LogicalPlan {
  const uncovered = isNotTrue(covers)
  const done = guardConditions(upper.guard).some((condition) => exprKey(condition) === exprKey(uncovered))
  if (done || !isRowWise(covers)) return upper
  const name = names.next('__call')
  const rest = callProject(upper.input, { ...upper, name, guard: within(upper.guard, uncovered, covers) })
  const result = caseWhen([{ when: covers, result: column(found.column) }], column(name))
  return project(rest, [...passing(outputColumns(upper.input) ?? []), { name: upper.name, expr: result }])
}
