import { containsCall } from '../../expr/walk.ts'
import { planExpressions, planInputs } from '../../plan/children.ts'
import { outputColumns } from '../../plan/columns.ts'
import { distinct, project, sort } from '../../plan/factories.ts'
import type { DistinctPlan, LogicalPlan, ProjectPlan, SortPlan } from '../../plan/plan.ts'
import { liftAggregate } from '../lift/liftAggregate.ts'
import { Lifter } from '../lift/lifter.ts'
import { liftFilter } from '../lift/liftFilter.ts'
import { liftJoin } from '../lift/liftJoin.ts'
import { keepColumns, transformPlan } from '../rewrite.ts'
import type { Rule, RuleContext } from '../rule.ts'

/**
 * Each call becomes a column that a node of its own appends, for just the rows that reach it; where it stood, the column is
 * read.
 *
 * ```text
 * project a, label = CASE WHEN (a > 2) THEN shout(shout(c)) ELSE c END
 *   filter ((b = 1) AND even(a))
 *     scan table t
 * ->
 * project a, label = CASE WHEN (a > 2) THEN __call_2 ELSE c END
 *   call __call_2 = shout(__call_1) where (a > 2)
 *     call __call_1 = shout(c) where (a > 2)
 *       project a, b, c, d, e
 *         filter __call_0
 *           call __call_0 = even(a)
 *             filter (b = 1)
 *               scan table t
 * ```
 *
 * A call stays in its expression within a lambda, whose parameters it may read; within TRY, which has to see its error; and in
 * the condition of a join that is not an inner one, if it reads both sides.
 */
export const liftCalls: Rule = {
  name: 'liftCalls',
  apply: (plan, context) => transformPlan(plan, (node) => liftNode(node, context)),
}

function liftNode(plan: LogicalPlan, context: RuleContext): LogicalPlan {
  if (!planExpressions(plan).some(containsCall)) return plan
  // Helper columns cannot be dropped again if it is not known which there were.
  if (planInputs(plan).some((input) => outputColumns(input) === null)) return plan
  switch (plan.kind) {
    case 'project':
      return liftProject(plan, context)
    case 'filter':
      return liftFilter(plan, context)
    case 'aggregate': {
      const lifted = liftAggregate(plan, context)
      // Calls over aggregates have become a projection, whose input may hold others.
      return lifted.kind === 'project' ? liftCalls.apply(lifted, context) : lifted
    }
    case 'join':
      return liftJoin(plan, context)
    case 'sort':
      return liftSort(plan, context)
    case 'distinct':
      return liftDistinct(plan, context)
    case 'scan':
    case 'opaque':
    case 'callProject':
    case 'limit':
    case 'union':
    case 'explode':
    case 'sample':
      return plan
  }
}

function liftProject(plan: ProjectPlan, context: RuleContext): LogicalPlan {
  const lifter = new Lifter(context)
  const items = plan.items.map(({ name, expr }) => ({ name, expr: lifter.lift(expr, null, 'value') }))
  return lifter.liftedAny ? project(lifter.appendTo(plan.input), items) : plan
}

function liftSort(plan: SortPlan, context: RuleContext): LogicalPlan {
  const lifter = new Lifter(context)
  const keys = plan.keys.map((key) => ({ ...key, expr: lifter.lift(key.expr, null, 'value') }))
  return lifter.liftedAny ? keepInputColumns(sort(lifter.appendTo(plan.input), keys), plan) : plan
}

function liftDistinct(plan: DistinctPlan, context: RuleContext): LogicalPlan {
  const lifter = new Lifter(context)
  const on = plan.on?.map((expr) => lifter.lift(expr, null, 'value')) ?? null
  return lifter.liftedAny ? keepInputColumns(distinct(lifter.appendTo(plan.input), on), plan) : plan
}

function keepInputColumns(lifted: LogicalPlan, { input }: SortPlan | DistinctPlan): LogicalPlan {
  return keepColumns(lifted, outputColumns(input) ?? [])
}
