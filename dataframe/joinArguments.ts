import { EngineError } from '../src/base/errors.ts'
import type { Expr } from '../src/expr/expr.ts'
import { and, column } from '../src/expr/factories.ts'
import type { JoinType } from '../src/plan/plan.ts'
import type { Condition, Key } from './column.ts'
import { columnOf, isLambda } from './makeColumn.ts'
import { keyExpr } from './sortOrder.ts'
import { sql } from './sqlPieces.ts'
import { _, type UnknownColumns } from './underscore.ts'
import { transformKeepingText } from './unparsedText.ts'
import type { JoinVerb } from './verb.ts'
import { conditionExpr, namesOf } from './verbArguments.ts'

const joinTypes: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti', 'cross', 'asof']

/** The options of a join as a caller gives them, its types aside. */
export interface JoinArguments {
  readonly on?: string | readonly string[]
  readonly leftOn?: Key | readonly Key[]
  readonly rightOn?: Key | readonly Key[]
  readonly condition?: Condition | ((left: UnknownColumns, right: UnknownColumns) => Condition)
  readonly how?: JoinType
  readonly suffix?: string
}

export function joinVerb({
  on,
  leftOn,
  rightOn,
  condition,
  how = 'inner',
  suffix = '_right',
}: JoinArguments): JoinVerb {
  if (!joinTypes.includes(how)) {
    throw new EngineError('WRONG_ARGUMENTS', `join: '${how}' is no kind of join`, {
      hint: `use ${joinTypes.join(', ')}`,
    })
  }
  const using = namesOf(listOf(on), 'join: on')
  const left = listOf(leftOn)
  const right = listOf(rightOn)
  if (left.length !== right.length) {
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `join: leftOn and rightOn need equally many columns, got ${left.length} and ${right.length}`,
    )
  }
  const ofRight = new Set<Expr>()
  const conditions = left.map((key, index) => {
    const other = marked(keyExpr(right[index], 'join: rightOn'), ofRight)
    return sql`(${keyExpr(key, 'join: leftOn')} = ${other})`
  })
  if (condition !== undefined) conditions.push(joinCondition(condition, ofRight))
  if (how !== 'cross' && using.length + conditions.length === 0) {
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `join: a${/^[aeiou]/.test(how) ? 'n' : ''} ${how} join needs a condition`,
      {
        hint: "give on: 'id', leftOn and rightOn, or condition: (left, right) => left.id.eq(right.id)",
      },
    )
  }
  return {
    kind: 'join',
    type: how,
    using,
    condition: conditions.length === 0 ? null : and(conditions),
    ofRight,
    suffix,
  }
}

function listOf(value: Key | readonly Key[] | undefined): readonly Key[] {
  if (value === undefined) return []
  return isList(value) ? value : [value]
}

function isList(value: Key | readonly Key[]): value is readonly Key[] {
  return Array.isArray(value)
}

/** A condition over both sides; names of one that is no function are those of the result. */
function joinCondition(condition: unknown, ofRight: Set<Expr>): Expr {
  const result = isLambda(condition) ? condition(_, rightColumns(ofRight)) : condition
  return conditionExpr(result, 'join')
}

/** Columns that are known as those of the right input by their identity. */
function rightColumns(ofRight: Set<Expr>): UnknownColumns {
  return new Proxy(Object.freeze(Object.create(null)), {
    get: (_target, name) =>
      typeof name === 'symbol' ? undefined : columnOf(marked(column(name), ofRight), name),
  })
}

function marked(expr: Expr, ofRight: Set<Expr>): Expr {
  return transformKeepingText(expr, (node) => {
    if (node.kind !== 'column') return node
    const own = column(node.name)
    ofRight.add(own)
    return own
  })
}
