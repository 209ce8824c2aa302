import {
  collectColumns,
  containsCall,
  holdsScope,
  isRowWise,
  isVolatile,
  substituteColumns,
} from '../../expr/walk.ts'
import { callProject, limit, project, sort } from '../../plan/factories.ts'
import type { LimitPlan, LogicalPlan, ProjectPlan, SortKey } from '../../plan/plan.ts'
import { containsCallProject, meanings, transformPlan } from '../rewrite.ts'
import type { Rule, RuleContext } from '../rule.ts'

/**
 * Rows that a LIMIT drops are not called, nor those that ORDER BY with LIMIT drops if the order does not depend on the call.
 *
 * ```text
 * limit 3 offset 1
 *   sort size desc
 *     project size = a, label = x
 *       call x = shout(c)
 *         scan table t
 * ->
 * project size = a, label = x
 *   call x = shout(c)
 *     limit 3 offset 1
 *       sort a desc
 *         scan table t
 * ```
 */
export const pushLimitBelowCalls: Rule = {
  name: 'pushLimitBelowCalls',
  apply: (plan, context) =>
    transformPlan(plan, (node) => (node.kind === 'limit' ? pushLimit(node, context) : node)),
}

function pushLimit(plan: LimitPlan, context: RuleContext): LogicalPlan {
  if (!containsCallProject(plan.input)) return plan
  const { input } = plan
  return (
    (input.kind === 'sort'
      ? sink(plan, input.keys, input.input, context)
      : sink(plan, null, input, context)) ?? plan
  )
}

type Keys = readonly SortKey[] | null

/** The plan with the rows cut below at least one call, by keys if there are any; null if there is no way. */
function sink(cut: LimitPlan, keys: Keys, plan: LogicalPlan, context: RuleContext): LogicalPlan | null {
  if (plan.kind === 'project') return sinkThroughProject(cut, keys, plan, context)
  if (plan.kind === 'sort' && keys === null) return sink(cut, plan.keys, plan.input, context)
  if (plan.kind !== 'callProject') return null
  const movable = keys?.every(({ expr }) => {
    const free = !containsCall(expr) && !isVolatile(expr, context.catalog)
    return free && !collectColumns(expr).has(plan.name)
  })
  if (movable === false) return null
  const input = sink(cut, keys, plan.input, context) ?? cutRows(cut, keys, plan.input)
  return callProject(input, plan)
}

function cutRows({ count, offset }: LimitPlan, keys: Keys, input: LogicalPlan): LogicalPlan {
  return limit(keys === null ? input : sort(input, keys), count, offset)
}

function sinkThroughProject(
  cut: LimitPlan,
  keys: Keys,
  plan: ProjectPlan,
  context: RuleContext,
): LogicalPlan | null {
  if (plan.items.some(({ expr }) => holdsScope(expr, 'window') || containsCall(expr))) return null
  const below = meanings(plan)
  const moved: SortKey[] = []
  for (const key of keys ?? []) {
    const used = [...collectColumns(key.expr)].map((name) => below.get(name)!)
    if (!isRowWise(key.expr) || used.some((expr) => isVolatile(expr, context.catalog))) return null
    moved.push({ ...key, expr: substituteColumns(key.expr, below) })
  }
  const input = sink(cut, keys === null ? null : moved, plan.input, context)
  return input === null ? null : project(input, plan.items)
}
