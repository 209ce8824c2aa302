import { exprChildren, mapExprChildren } from '../../expr/children.ts'
import { exprKey } from '../../expr/equal.ts'
import type { Expr, NamedExpr } from '../../expr/expr.ts'
import { column } from '../../expr/factories.ts'
import { isVolatile } from '../../expr/walk.ts'
import { aggregate, project } from '../../plan/factories.ts'
import type { AggregatePlan, LogicalPlan } from '../../plan/plan.ts'
import { passing } from '../rewrite.ts'
import type { RuleContext } from '../rule.ts'
import { Lifter } from './lifter.ts'

/** Calls in keys and in the arguments of aggregates go below the aggregate, those over its results above it. */
export function liftAggregate(plan: AggregatePlan, context: RuleContext): LogicalPlan {
  return splitAggregate(plan, context) ?? liftArguments(plan, context)
}

function liftArguments(plan: AggregatePlan, context: RuleContext): LogicalPlan {
  const lifter = new Lifter(context)
  const keys = plan.keys.map(({ name, expr }) => ({ name, expr: lifter.lift(expr, null, 'value') }))
  const aggregates = plan.aggregates.map(({ name, expr }) => ({ name, expr: insideAggregates(expr, lifter) }))
  if (!lifter.liftedAny) return plan
  return aggregate(lifter.appendTo(plan.input), keys, aggregates, plan.groupingSets)
}

function insideAggregates(expr: Expr, lifter: Lifter): Expr {
  if (expr.kind === 'sql' && expr.scope === 'aggregate') return lifter.liftArguments(expr)
  return mapExprChildren(expr, (child) => insideAggregates(child, lifter))
}

/** A projection with the calls over aggregates, which the projection's own lifting takes on; null if there are none. */
function splitAggregate(plan: AggregatePlan, context: RuleContext): LogicalPlan | null {
  const below = new AggregateColumns(plan, context)
  const items = plan.aggregates.map(({ name, expr }): NamedExpr => {
    const above = callsOutside(expr) ? below.over(expr) : null
    return { name, expr: above ?? below.keep(name, expr) }
  })
  const changed = items.some(({ name, expr }) => expr.kind !== 'column' || expr.name !== name)
  if (!changed || plan.keys.length + below.columns.length === 0) return null
  const lower = aggregate(plan.input, plan.keys, below.columns, plan.groupingSets)
  return project(lower, [...passing(plan.keys.map(({ name }) => name)), ...items])
}

function callsOutside(expr: Expr): boolean {
  if (expr.kind === 'sql' && expr.scope === 'aggregate') return false
  return expr.kind === 'call' || exprChildren(expr).some(callsOutside)
}

/** The columns of the lower aggregate. */
class AggregateColumns {
  readonly columns: NamedExpr[] = []
  readonly #keys: ReadonlyMap<string, string>
  readonly #context: RuleContext
  readonly #known = new Map<string, Expr>()

  constructor(plan: AggregatePlan, context: RuleContext) {
    const keys = plan.keys.filter(({ expr }) => expr.kind !== 'literal' && !isVolatile(expr, context.catalog))
    this.#keys = new Map(keys.map(({ name, expr }) => [exprKey(expr), name]))
    this.#context = context
  }

  keep(name: string, expr: Expr): Expr {
    this.columns.push({ name, expr })
    return column(name)
  }

  /** An expression over the aggregates as one over columns; null if it reads a column of a row in another way than by a key. */
  over(expr: Expr): Expr | null {
    if (!this.#isCovered(expr)) return null
    return this.#replace(expr)
  }

  #isCovered(expr: Expr): boolean {
    if (this.#keys.has(exprKey(expr)) || (expr.kind === 'sql' && expr.scope === 'aggregate')) return true
    if (expr.kind === 'column') return false
    // The text of a subquery may name columns that are not there any more.
    if (expr.kind === 'sql' && expr.scope === 'query') return false
    return exprChildren(expr).every((child) => this.#isCovered(child))
  }

  #replace(expr: Expr): Expr {
    const key = exprKey(expr)
    const name = this.#keys.get(key)
    if (name !== undefined) return column(name)
    if (expr.kind !== 'sql' || expr.scope !== 'aggregate')
      return mapExprChildren(expr, (child) => this.#replace(child))
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = this.keep(this.#context.names.next('__value'), expr)
    if (!isVolatile(expr, this.#context.catalog)) this.#known.set(key, made)
    return made
  }
}
