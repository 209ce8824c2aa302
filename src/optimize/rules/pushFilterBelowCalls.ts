import type { Expr } from '../../expr/expr.ts'
import { and } from '../../expr/factories.ts'
import { collectColumns, containsCall, isRowWise, isVolatile, substituteColumns } from '../../expr/walk.ts'
import { outputColumns } from '../../plan/columns.ts'
import {
  aggregate,
  callProject,
  distinct,
  explode,
  filter,
  project,
  sort,
  union,
} from '../../plan/factories.ts'
import { join } from '../../plan/join.ts'
import { ColumnScope } from '../../plan/names.ts'
import type {
  AggregatePlan,
  FilterPlan,
  JoinPlan,
  LogicalPlan,
  ProjectPlan,
  UnionPlan,
} from '../../plan/plan.ts'
import { mayFail } from '../mayFail.ts'
import { conjuncts, containsCallProject, meanings, transformPlan } from '../rewrite.ts'
import type { Rule, RuleContext } from '../rule.ts'

/**
 * A condition that does not depend on a call's result is looked at before the call is made.
 *
 * ```text
 * filter ((label = 'x!') AND (a > 2))
 *   project a, label = x
 *     call x = shout(c)
 *       scan table t
 * ->
 * filter (label = 'x!')
 *   project a, label = x
 *     call x = shout(c)
 *       filter (a > 2)
 *         scan table t
 * ```
 *
 * Volatile conditions stay. One that may fail for some values does not overtake another filter, a join or an exploded list.
 */
export const pushFilterBelowCalls: Rule = {
  name: 'pushFilterBelowCalls',
  apply: (plan, context) =>
    transformPlan(plan, (node) => (node.kind === 'filter' ? pushFilter(node, context) : node)),
}

function pushFilter(plan: FilterPlan, context: RuleContext): LogicalPlan {
  if (!containsCallProject(plan.input)) return plan
  let { input } = plan
  const rest: Expr[] = []
  for (const conjunct of conjuncts(plan.predicate)) {
    const movable = isRowWise(conjunct) && !containsCall(conjunct) && !isVolatile(conjunct, context.catalog)
    const moved = movable ? sink(conjunct, input, context) : null
    if (moved === null) rest.push(conjunct)
    else input = moved
  }
  if (input === plan.input) return plan
  return rest.length === 0 ? input : filter(input, and(rest))
}

/** The plan with the condition below at least one call; null if there is no way. */
function sink(condition: Expr, plan: LogicalPlan, context: RuleContext): LogicalPlan | null {
  const into = (input: LogicalPlan, moved: Expr = condition): LogicalPlan | null =>
    sink(moved, input, context)
  switch (plan.kind) {
    case 'callProject': {
      if (collectColumns(condition).has(plan.name)) return null
      return callProject(into(plan.input) ?? filter(plan.input, condition), plan)
    }
    case 'filter': {
      const input = mayFail(condition) ? null : into(plan.input)
      return input === null ? null : filter(input, plan.predicate)
    }
    case 'sort': {
      const input = into(plan.input)
      return input === null ? null : sort(input, plan.keys)
    }
    case 'distinct': {
      const input = plan.on === null ? into(plan.input) : null
      return input === null ? null : distinct(input)
    }
    case 'explode': {
      const stays = mayFail(condition) || collectColumns(condition).has(plan.column)
      const input = stays ? null : into(plan.input)
      return input === null ? null : explode(input, plan.column, plan.keepEmpty)
    }
    case 'project':
      return sinkThroughProject(condition, plan, context)
    case 'aggregate':
      return sinkThroughAggregate(condition, plan, context)
    case 'union':
      return sinkIntoUnion(condition, plan, context)
    case 'join':
      return mayFail(condition) ? null : sinkIntoJoin(condition, plan, context)
    case 'scan':
    case 'opaque':
    case 'limit':
    case 'sample':
      return null
  }
}

/** Whether an expression may be computed at another place, and at two. */
function isMovable(expr: Expr, { catalog }: RuleContext): boolean {
  return isRowWise(expr) && !containsCall(expr) && !isVolatile(expr, catalog)
}

function sinkThroughProject(condition: Expr, plan: ProjectPlan, context: RuleContext): LogicalPlan | null {
  const below = meanings(plan)
  const used = [...collectColumns(condition)].map((name) => below.get(name)!)
  const sameRows = plan.items.every(({ expr }) => isRowWise(expr))
  if (!sameRows || !used.every((expr) => isMovable(expr, context))) return null
  const input = sink(substituteColumns(condition, below), plan.input, context)
  return input === null ? null : project(input, plan.items)
}

/** A condition about keys holds for all rows of a group or for none. */
function sinkThroughAggregate(
  condition: Expr,
  plan: AggregatePlan,
  context: RuleContext,
): LogicalPlan | null {
  const { keys, aggregates, groupingSets } = plan
  const below = new Map(keys.map(({ name, expr }) => [name, expr]))
  const used = [...collectColumns(condition)].map((name) => below.get(name))
  const aboutKeys = used.length > 0 && used.every((expr) => expr !== undefined && isMovable(expr, context))
  if (groupingSets !== null || !aboutKeys) return null
  const input = sink(substituteColumns(condition, below), plan.input, context)
  return input === null ? null : aggregate(input, keys, aggregates)
}

function sinkIntoUnion(condition: Expr, plan: UnionPlan, context: RuleContext): LogicalPlan | null {
  const columns = outputColumns(plan)
  if (columns === null) return null
  let moved = false
  const inputs: LogicalPlan[] = []
  for (const input of plan.inputs) {
    const own = inInput(condition, columns, input, plan.byName)
    if (own === null) return null
    const sunk = sink(own, input, context)
    moved ||= sunk !== null
    inputs.push(sunk ?? filter(input, own))
  }
  return moved ? union(inputs, plan.byName) : null
}

/** A condition over a union as one over one of its inputs; null if that does not have all columns. */
function inInput(
  condition: Expr,
  columns: readonly string[],
  input: LogicalPlan,
  byName: boolean,
): Expr | null {
  const own = outputColumns(input)
  if (own === null) return null
  if (!byName) {
    const names = new Map(
      columns.map((name, index) => [name, { kind: 'column' as const, name: own[index]! }]),
    )
    return substituteColumns(condition, names)
  }
  const scope = new ColumnScope(own)
  const all = [...collectColumns(condition)].every((name) => scope.find(name) !== undefined)
  return all ? scope.resolve(condition) : null
}

/** Sides whose rows appear in the result just if they have partners, or by themselves; never replaced by nulls. */
const leftKept: ReadonlySet<string> = new Set(['inner', 'left', 'semi', 'anti', 'cross', 'asof'])
const rightKept: ReadonlySet<string> = new Set(['inner', 'right', 'cross'])

function sinkIntoJoin(condition: Expr, plan: JoinPlan, context: RuleContext): LogicalPlan | null {
  const names = [...collectColumns(condition)]
  const ofLeft = new Set(outputColumns(plan.left))
  const ofRight = new Set(outputColumns(plan.right))
  for (const name of plan.using) ofRight.delete(name)
  if (leftKept.has(plan.type) && names.every((name) => ofLeft.has(name))) {
    const left = sink(condition, plan.left, context)
    return left === null ? null : join({ ...plan, left })
  }
  if (rightKept.has(plan.type) && names.every((name) => ofRight.has(name))) {
    const right = sink(condition, plan.right, context)
    return right === null ? null : join({ ...plan, right })
  }
  return null
}
