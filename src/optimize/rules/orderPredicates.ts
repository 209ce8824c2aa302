import { mapPlanInputs } from '../../plan/children.ts'
import type { LogicalPlan } from '../../plan/plan.ts'
import { orderSteps } from '../order/orderSteps.ts'
import type { Rule, RuleContext } from '../rule.ts'

/**
 * Of several conditions on calls the one that drops most rows for its cost comes first, and calls that no condition reads come
 * last.
 *
 * ```text
 * filter y
 *   call y = even(a)
 *     filter x
 *       call x = long(c)
 *         scan table t
 * ->
 * filter x
 *   call x = long(c)
 *     filter y
 *       call y = even(a)
 *         scan table t
 * ```
 *
 * The order is that of cost / (1 - selectivity), with the written order among equals. As in SQL, AND in a filter promises no
 * order; CASE does. Volatile functions and conditions keep their places.
 */
export const orderPredicates: Rule = {
  name: 'orderPredicates',
  apply: orderFrom,
}

function orderFrom(plan: LogicalPlan, context: RuleContext): LogicalPlan {
  if (plan.kind !== 'filter' && plan.kind !== 'callProject') {
    return mapPlanInputs(plan, (input) => orderFrom(input, context))
  }
  return orderSteps(plan, (base) => orderFrom(base, context), context)
}
