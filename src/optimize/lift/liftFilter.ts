import type { Expr } from '../../expr/expr.ts'
import { and } from '../../expr/factories.ts'
import { containsCall, isVolatile } from '../../expr/walk.ts'
import { outputColumns } from '../../plan/columns.ts'
import { filter } from '../../plan/factories.ts'
import type { FilterPlan, LogicalPlan } from '../../plan/plan.ts'
import { mayFail } from '../mayFail.ts'
import { conjuncts, keepColumns } from '../rewrite.ts'
import type { RuleContext } from '../rule.ts'
import { Lifter } from './lifter.ts'

/** Each conjunct becomes a filter of its own over the calls that it makes; those without calls come first. */
export function liftFilter(plan: FilterPlan, context: RuleContext): LogicalPlan {
  const columns = outputColumns(plan)
  if (columns === null) return plan
  const { cheap, rest } = cheapFirst(conjuncts(plan.predicate), context)
  let liftedAny = false
  let made: LogicalPlan = cheap.length === 0 ? plan.input : filter(plan.input, and(cheap))
  for (const conjunct of rest) {
    const lifter = new Lifter(context)
    const predicate = lifter.lift(conjunct, null, 'condition')
    made = filter(lifter.appendTo(made), predicate)
    liftedAny ||= lifter.liftedAny
  }
  return liftedAny ? keepColumns(made, columns) : plan
}

interface Split {
  readonly cheap: readonly Expr[]
  /** In the order in which they were written. */
  readonly rest: readonly Expr[]
}

function cheapFirst(all: readonly Expr[], { catalog }: RuleContext): Split {
  const cheap: Expr[] = []
  const rest: Expr[] = []
  for (const conjunct of all) {
    const free = !containsCall(conjunct) && !isVolatile(conjunct, catalog)
    const movable = rest.length === 0 || !mayFail(conjunct)
    if (free && movable) cheap.push(conjunct)
    else rest.push(conjunct)
  }
  return { cheap, rest }
}
