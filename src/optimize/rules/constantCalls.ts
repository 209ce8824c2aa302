import { isConstant, isVolatile } from '../../expr/walk.ts'
import { callProject } from '../../plan/factories.ts'
import type { CallProjectPlan, LogicalPlan } from '../../plan/plan.ts'
import { transformPlan } from '../rewrite.ts'
import type { Rule, RuleContext } from '../rule.ts'

/**
 * A call with constant arguments is made for one row, if there is any, and its result repeated.
 *
 * ```text
 * call x = inc(3) where (a > 2)
 *   scan table t
 * ->
 * call x = inc(3) where (a > 2) once
 *   scan table t
 * ```
 */
export const constantCalls: Rule = {
  name: 'constantCalls',
  apply: (plan, context) =>
    transformPlan(plan, (node) => (node.kind === 'callProject' ? callOnce(node, context) : node)),
}

function callOnce(plan: CallProjectPlan, { catalog }: RuleContext): LogicalPlan {
  const { args, metadata } = plan
  const volatility = catalog.functions.get(plan.function)?.volatility ?? 'volatile'
  const inputs = metadata === null ? args : [...args, metadata]
  const constant = inputs.every((expr) => isConstant(expr) && !isVolatile(expr, catalog))
  return constant && volatility !== 'volatile' && !plan.once
    ? callProject(plan.input, { ...plan, once: true })
    : plan
}
