import type { Expr } from '../../expr/expr.ts'
import { and } from '../../expr/factories.ts'
import { collectColumns, isVolatile } from '../../expr/walk.ts'
import { planExpressions } from '../../plan/children.ts'
import { callProject, filter } from '../../plan/factories.ts'
import type { CallProjectPlan, FilterPlan, LogicalPlan } from '../../plan/plan.ts'
import { mayFail } from '../mayFail.ts'
import { conjuncts } from '../rewrite.ts'
import type { RuleContext } from '../rule.ts'
import { callCost, selectivity } from './cost.ts'

/** A call or one condition. */
type Step = CallProjectPlan | Expr

function isCall(step: Step): step is CallProjectPlan {
  return step.kind === 'callProject'
}

/** Reorders the calls and filters from a node down to the first other one, whose new form `below` gives. */
export function orderSteps(
  top: FilterPlan | CallProjectPlan,
  below: (base: LogicalPlan) => LogicalPlan,
  context: RuleContext,
): LogicalPlan {
  const written: Step[] = []
  let base: LogicalPlan = top
  while (base.kind === 'filter' || base.kind === 'callProject') {
    if (base.kind === 'filter') written.unshift(...conjuncts(base.predicate))
    else written.unshift(base)
    base = base.input
  }
  const newBase = below(base)
  const ordered = written.some((step) => isFixed(step, context)) ? written : order(written, context)
  const same = newBase === base && ordered.every((step, index) => step === written[index])
  return same ? top : build(newBase, ordered)
}

function isFixed(step: Step, { catalog }: RuleContext): boolean {
  if (!isCall(step)) return isVolatile(step, catalog)
  const volatility = catalog.functions.get(step.function)?.volatility ?? 'volatile'
  return volatility === 'volatile' || planExpressions(step).some((expr) => isVolatile(expr, catalog))
}

/** Takes the cheapest condition for what it drops, with the calls that it needs and that are not made yet; again and again. */
function order(written: readonly Step[], { catalog }: RuleContext): readonly Step[] {
  const calls = new Map(written.filter(isCall).map((call) => [call.name, call]))
  const waiting = written.filter((step): step is Expr => !isCall(step))
  const ordered: Step[] = []
  const missing = (exprs: readonly Expr[]): Set<CallProjectPlan> => {
    const names = exprs.flatMap((expr) => [...collectColumns(expr)])
    const own = names.flatMap((name) => {
      const call = calls.get(name)
      return call === undefined || ordered.includes(call) ? [] : [call]
    })
    return new Set(own.flatMap((call) => [...missing(planExpressions(call)), call]))
  }
  const rank = (condition: Expr): number => {
    const cost = [...missing([condition])].reduce((sum, call) => sum + callCost(call, catalog), 0)
    return cost === 0 ? 0 : cost / (1 - selectivity(condition, calls, catalog))
  }
  while (waiting.length > 0) {
    // What may fail waits for the conditions that were written before it.
    const eligible = waiting.filter((condition, index) => index === 0 || !mayFail(condition))
    const best = eligible.reduce((least, condition) => (rank(condition) < rank(least) ? condition : least))
    ordered.push(...missing([best]), best)
    waiting.splice(waiting.indexOf(best), 1)
  }
  return [...ordered, ...written.filter((step) => isCall(step) && !ordered.includes(step))]
}

function build(base: LogicalPlan, steps: readonly Step[]): LogicalPlan {
  let plan = base
  let conditions: Expr[] = []
  const flush = (): void => {
    if (conditions.length > 0) plan = filter(plan, and(conditions))
    conditions = []
  }
  for (const step of steps) {
    if (isCall(step)) {
      flush()
      plan = callProject(plan, step)
    } else conditions.push(step)
  }
  flush()
  return plan
}
