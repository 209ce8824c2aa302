import { mapExprChildren } from '../../expr/children.ts'
import type { Expr } from '../../expr/expr.ts'
import { and } from '../../expr/factories.ts'
import { collectColumns, containsCall, isRowWise, isVolatile } from '../../expr/walk.ts'
import { outputColumns } from '../../plan/columns.ts'
import { filter } from '../../plan/factories.ts'
import { join } from '../../plan/join.ts'
import type { JoinPlan, JoinType, LogicalPlan } from '../../plan/plan.ts'
import { conjuncts, keepColumns } from '../rewrite.ts'
import type { RuleContext } from '../rule.ts'
import { Lifter, staysInPlace } from './lifter.ts'
import { liftFilter } from './liftFilter.ts'

type Side = 'left' | 'right'

/** Sides on which a condition about that side alone may drop rows before the join. */
const filteredSides: Readonly<Record<JoinType, readonly Side[]>> = {
  inner: ['left', 'right'],
  left: ['right'],
  right: ['left'],
  full: [],
  semi: ['left', 'right'],
  anti: ['right'],
  cross: [],
  asof: [],
}

/**
 * Takes the calls out of a join's condition. A conjunct about one side becomes a filter of that side where the type of the join
 * allows it. Of other conjuncts, parts about one side become columns of that side. What reads both sides within a call becomes
 * a filter over an inner join; in other joins it stays in place.
 */
export function liftJoin(plan: JoinPlan, context: RuleContext): LogicalPlan {
  const columns = outputColumns(plan)
  if (plan.on === null || columns === null || !containsCall(plan.on)) return plan
  const lifting = new JoinLifting(plan, context)
  for (const conjunct of conjuncts(plan.on)) lifting.add(conjunct)
  return keepColumns(lifting.plan(), columns)
}

class JoinLifting {
  readonly #plan: JoinPlan
  readonly #context: RuleContext
  readonly #lifters: Readonly<Record<Side, Lifter>>
  readonly #columns: Readonly<Record<Side, ReadonlySet<string>>>
  readonly #on: Expr[] = []
  readonly #above: Expr[] = []
  readonly #filters: Readonly<Record<Side, Expr[]>> = { left: [], right: [] }

  constructor(plan: JoinPlan, context: RuleContext) {
    this.#plan = plan
    this.#context = context
    this.#lifters = { left: new Lifter(context), right: new Lifter(context) }
    this.#columns = ownColumns(plan)
  }

  add(conjunct: Expr): void {
    if (!containsCall(conjunct)) {
      this.#on.push(conjunct)
      return
    }
    const side = this.#sideOf(conjunct)
    if (side !== null && filteredSides[this.#plan.type].includes(side)) this.#filters[side].push(conjunct)
    else if (this.#canSplit(conjunct)) this.#on.push(this.#split(conjunct))
    else if (this.#plan.type === 'inner') this.#above.push(conjunct)
    else this.#on.push(conjunct)
  }

  plan(): LogicalPlan {
    const unchanged = this.#on.length === conjuncts(this.#plan.on!).length && !this.#liftedAny
    if (unchanged) return this.#plan
    const on = and(this.#on)
    const joined = join({ ...this.#plan, left: this.#input('left'), right: this.#input('right'), on })
    return this.#above.length === 0 ? joined : this.#filtered(joined, this.#above)
  }

  get #liftedAny(): boolean {
    return this.#lifters.left.liftedAny || this.#lifters.right.liftedAny
  }

  #input(side: Side): LogicalPlan {
    const filtered = this.#filtered(this.#plan[side], this.#filters[side])
    return this.#lifters[side].appendTo(filtered)
  }

  #filtered(input: LogicalPlan, predicates: readonly Expr[]): LogicalPlan {
    return predicates.length === 0 ? input : liftFilter(filter(input, and(predicates)), this.#context)
  }

  /** The only side that an expression reads; a volatile one has to be computed for each pair of rows. */
  #sideOf(expr: Expr): Side | null {
    if (!isRowWise(expr) || isVolatile(expr, this.#context.catalog)) return null
    const names = [...collectColumns(expr)]
    const sides = (['left', 'right'] as const).filter((side) =>
      names.every((name) => this.#columns[side].has(name)),
    )
    const [first] = sides
    const preferred = sides.find((side) => filteredSides[this.#plan.type].includes(side))
    return preferred ?? first ?? null
  }

  /** Whether every call is within a part about one side that is reached for every pair of rows. */
  #canSplit(expr: Expr): boolean {
    if (!containsCall(expr) || this.#sideOf(expr) !== null) return true
    if (expr.kind !== 'sql' || expr.scope !== 'row' || staysInPlace(expr)) return false
    return expr.args.every((arg) => this.#canSplit(arg))
  }

  #split(expr: Expr): Expr {
    if (!containsCall(expr)) return expr
    const side = this.#sideOf(expr)
    if (side !== null) return this.#lifters[side].lift(expr, null, 'value')
    return mapExprChildren(expr, (child) => this.#split(child))
  }
}

/** Columns that a condition can only mean as those of one side. */
function ownColumns({ type, left, right, using }: JoinPlan): Readonly<Record<Side, ReadonlySet<string>>> {
  const shared = new Set(using)
  const ofLeft = outputColumns(left) ?? []
  const ofRight = outputColumns(right) ?? []
  const keepsShared = type !== 'right' && type !== 'full'
  return {
    left: new Set(ofLeft.filter((name) => keepsShared || !shared.has(name))),
    right: new Set(ofRight.filter((name) => type === 'right' || !shared.has(name))),
  }
}
