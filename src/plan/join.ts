import { EngineError } from '../base/errors.ts'
import type { Expr } from '../expr/expr.ts'
import { outputColumns } from './columns.ts'
import { ColumnScope, checkDistinct, nameKey } from './names.ts'
import type { JoinPlan, JoinType, LogicalPlan } from './plan.ts'

export interface JoinSpec {
  readonly type: JoinType
  readonly left: LogicalPlan
  readonly right: LogicalPlan
  /** Columns of both sides that must be equal. */
  readonly using?: readonly string[]
  readonly on?: Expr | null
}

/** Names of both sides have to be distinct, apart from those of `using`. */
export function join({ type, left, right, using = [], on = null }: JoinSpec): JoinPlan {
  if (type === 'cross' && (using.length > 0 || on !== null)) {
    throw new EngineError('PLAN_INVALID', 'a cross join takes no condition')
  }
  if (type === 'asof' && on === null) {
    throw new EngineError('PLAN_INVALID', 'an asof join needs an inequality as its condition')
  }
  if ((type === 'semi' || type === 'anti') && using.length === 0 && on === null) {
    throw new EngineError('PLAN_INVALID', `a${type === 'anti' ? 'n' : ''} ${type} join needs a condition`)
  }
  const ofLeft = outputColumns(left)
  const ofRight = outputColumns(right)
  const resolved = ofLeft === null || ofRight === null ? { using, on } : check(ofLeft, ofRight, { using, on })
  return Object.freeze({
    kind: 'join',
    type,
    left,
    right,
    using: Object.freeze([...resolved.using]),
    on: resolved.on,
  })
}

interface Condition {
  readonly using: readonly string[]
  readonly on: Expr | null
}

function check(left: readonly string[], right: readonly string[], { using, on }: Condition): Condition {
  checkDistinct(using, 'using')
  const scope = new ColumnScope(left)
  const own = using.map((name) => scope.resolveName(name))
  const ofRight = new ColumnScope(right)
  for (const name of using) ofRight.resolveName(name)
  const merged = new Set(using.map(nameKey))
  const both = [...left, ...right.filter((name) => !merged.has(nameKey(name)))]
  checkDistinct(both, 'a join')
  return { using: own, on: on === null ? null : new ColumnScope(both).resolve(on) }
}
