import { unreachable } from '../base/errors.ts'
import type { Expr, NamedExpr } from '../expr/expr.ts'
import {
  aggregate,
  callProject,
  distinct,
  explode,
  filter,
  limit,
  opaque,
  project,
  sample,
  sort,
  union,
} from './factories.ts'
import { join } from './join.ts'
import type { LogicalPlan } from './plan.ts'

/** The plans whose rows a plan reads, in order. */
export function planInputs(plan: LogicalPlan): readonly LogicalPlan[] {
  switch (plan.kind) {
    case 'scan':
      return []
    case 'opaque':
    case 'union':
      return plan.inputs
    case 'join':
      return [plan.left, plan.right]
    case 'project':
    case 'filter':
    case 'callProject':
    case 'aggregate':
    case 'sort':
    case 'limit':
    case 'distinct':
    case 'explode':
    case 'sample':
      return [plan.input]
    default:
      return unreachable(plan)
  }
}

/** The plan over other inputs; the same object if none changed. */
export function mapPlanInputs(plan: LogicalPlan, map: (input: LogicalPlan) => LogicalPlan): LogicalPlan {
  const before = planInputs(plan)
  const after = before.map(map)
  if (after.every((input, index) => input === before[index])) return plan
  return withInputs(plan, after)
}

function withInputs(plan: LogicalPlan, inputs: readonly LogicalPlan[]): LogicalPlan {
  const input = inputs[0]!
  switch (plan.kind) {
    case 'scan':
      return plan
    case 'opaque':
      return opaque(plan.parts, inputs, plan.schema)
    case 'project':
      return project(input, plan.items)
    case 'filter':
      return filter(input, plan.predicate)
    case 'callProject':
      return callProject(input, plan)
    case 'aggregate':
      return aggregate(input, plan.keys, plan.aggregates, plan.groupingSets)
    case 'join':
      return join({ ...plan, left: input, right: inputs[1]! })
    case 'sort':
      return sort(input, plan.keys)
    case 'limit':
      return limit(input, plan.count, plan.offset)
    case 'distinct':
      return distinct(input, plan.on)
    case 'union':
      return union(inputs, plan.byName)
    case 'explode':
      return explode(input, plan.column, plan.keepEmpty)
    case 'sample':
      return sample(input, plan.size, plan.seed)
    default:
      return unreachable(plan)
  }
}

/** The expressions that a plan holds itself, in the order in which they are written. */
export function planExpressions(plan: LogicalPlan): readonly Expr[] {
  const found: Expr[] = []
  mapPlanExpressions(plan, (expr) => {
    found.push(expr)
    return expr
  })
  return found
}

/** The plan with each of its own expressions replaced; the same object if none changed. */
export function mapPlanExpressions(plan: LogicalPlan, map: (expr: Expr) => Expr): LogicalPlan {
  let changed = false
  const replace = (expr: Expr): Expr => {
    const replaced = map(expr)
    changed ||= replaced !== expr
    return replaced
  }
  const maybe = (expr: Expr | null): Expr | null => (expr === null ? null : replace(expr))
  const named = (items: readonly NamedExpr[]): readonly NamedExpr[] =>
    items.map(({ name, expr }) => ({ name, expr: replace(expr) }))
  const next = rebuild(plan, { replace, maybe, named })
  return changed ? next() : plan
}

interface Replacing {
  readonly replace: (expr: Expr) => Expr
  readonly maybe: (expr: Expr | null) => Expr | null
  readonly named: (items: readonly NamedExpr[]) => readonly NamedExpr[]
}

/** Replaces at once; the plan is made only if it is wanted. */
function rebuild(plan: LogicalPlan, { replace, maybe, named }: Replacing): () => LogicalPlan {
  switch (plan.kind) {
    case 'scan':
    case 'opaque':
    case 'limit':
    case 'union':
    case 'explode':
    case 'sample':
      return () => plan
    case 'project': {
      const items = named(plan.items)
      return () => project(plan.input, items)
    }
    case 'filter': {
      const predicate = replace(plan.predicate)
      return () => filter(plan.input, predicate)
    }
    case 'callProject': {
      const args = plan.args.map(replace)
      const spec = { ...plan, args, metadata: maybe(plan.metadata), guard: maybe(plan.guard) }
      return () => callProject(plan.input, spec)
    }
    case 'aggregate': {
      const keys = named(plan.keys)
      const aggregates = named(plan.aggregates)
      return () => aggregate(plan.input, keys, aggregates, plan.groupingSets)
    }
    case 'join': {
      const on = maybe(plan.on)
      return () => join({ ...plan, on })
    }
    case 'sort': {
      const keys = plan.keys.map((key) => ({ ...key, expr: replace(key.expr) }))
      return () => sort(plan.input, keys)
    }
    case 'distinct': {
      const on = plan.on?.map(replace) ?? null
      return () => distinct(plan.input, on)
    }
    default:
      return unreachable(plan)
  }
}
