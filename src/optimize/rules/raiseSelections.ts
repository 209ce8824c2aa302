import type { Expr } from '../../expr/expr.ts'
import { column } from '../../expr/factories.ts'
import { planExpressions } from '../../plan/children.ts'
import { outputColumns } from '../../plan/columns.ts'
import { callProject, filter, limit, project, sort } from '../../plan/factories.ts'
import type {
  CallProjectPlan,
  FilterPlan,
  LimitPlan,
  LogicalPlan,
  ProjectPlan,
  SortPlan,
} from '../../plan/plan.ts'
import { belowSelection, isSelection, transformPlan } from '../rewrite.ts'
import type { Rule } from '../rule.ts'

/**
 * A selection of columns over calls moves above the filters, sorts, limits and calls that stand on it, so that these meet the
 * calls below.
 *
 * ```text
 * call y = shout(text)
 *   project a, text = c
 *     filter x
 *       call x = even(a)
 *         scan table t
 * ->
 * project a, text = c, y
 *   call y = shout(c)
 *     filter x
 *       call x = even(a)
 *         scan table t
 * ```
 */
export const raiseSelections: Rule = {
  name: 'raiseSelections',
  apply: (plan) => transformPlan(plan, raise),
}

type Above = CallProjectPlan | FilterPlan | SortPlan | LimitPlan

function raise(plan: LogicalPlan): LogicalPlan {
  if (!isAbove(plan)) return plan
  const { input } = plan
  if (input.kind !== 'project' || !isSelection(input) || !standsOnCalls(input.input)) return plan
  const moved = below(plan, input)
  if (moved === null) return plan
  const added = plan.kind === 'callProject' ? [{ name: plan.name, expr: column(plan.name) }] : []
  return project(raise(moved), [...input.items, ...added])
}

function isAbove(plan: LogicalPlan): plan is Above {
  return (
    plan.kind === 'callProject' || plan.kind === 'filter' || plan.kind === 'sort' || plan.kind === 'limit'
  )
}

function standsOnCalls(plan: LogicalPlan): boolean {
  if (plan.kind === 'callProject') return true
  return (
    (plan.kind === 'filter' || plan.kind === 'sort' || plan.kind === 'limit') && standsOnCalls(plan.input)
  )
}

/** The node on the input of the selection; null if an expression cannot move there. */
function below(plan: Above, selection: ProjectPlan): LogicalPlan | null {
  const exprs = planExpressions(plan).map((expr) => belowSelection(expr, selection))
  if (!exprs.every((expr) => expr !== null)) return null
  const { input } = selection
  switch (plan.kind) {
    case 'limit':
      return limit(input, plan.count, plan.offset)
    case 'filter':
      return filter(input, exprs[0]!)
    case 'sort':
      return sort(
        input,
        plan.keys.map((key, index) => ({ ...key, expr: exprs[index]! })),
      )
    case 'callProject':
      return callBelow(plan, exprs, input)
  }
}

function callBelow(plan: CallProjectPlan, exprs: readonly Expr[], input: LogicalPlan): LogicalPlan | null {
  if (outputColumns(input)?.includes(plan.name) !== false) return null
  const rest = exprs.slice(plan.args.length)
  return callProject(input, {
    ...plan,
    args: exprs.slice(0, plan.args.length),
    metadata: plan.metadata === null ? null : rest[0]!,
    guard: plan.guard === null ? null : rest.at(-1)!,
  })
}
