import { EngineError } from '../src/base/errors.ts'
import type { Expr, NamedExpr } from '../src/expr/expr.ts'
import { and, column } from '../src/expr/factories.ts'
import { formatExpr } from '../src/expr/print.ts'
import { columnState, type Window } from './column.ts'
import { callToExpr } from './functionCall.ts'
import { isLambda } from './makeColumn.ts'
import { columnExpr, describe, exprOf, isColumn } from './operand.ts'
import { _ } from './underscore.ts'
import type { Verb } from './verb.ts'
import { windowClause } from './windowClause.ts'

/** What a verb was given, or what a function makes of the columns. */
export function built(given: unknown): unknown {
  return isLambda(given) ? given(_) : given
}

/** Conditions that all have to hold. */
export function allOf(given: readonly unknown[], verb: string): Expr {
  if (given.length === 0) throw new EngineError('WRONG_ARGUMENTS', `${verb} takes at least one condition`)
  return and(given.map((condition) => conditionExpr(built(condition), verb)))
}

/** An expression that says for each row whether something holds. */
export function conditionExpr(condition: unknown, place: string): Expr {
  if (isColumn(condition)) return exprOf(condition)
  const hint =
    typeof condition === 'string'
      ? `write F.sql(${JSON.stringify(condition)})`
      : 'compare columns with their methods: _.amount.gt(100), _.city.eq(…)'
  throw new EngineError('WRONG_ARGUMENTS', `${place} takes a condition, got ${describe(condition)}`, { hint })
}

/** Expressions by the names of their columns. */
export function namedExprs(given: unknown, verb: string): NamedExpr[] {
  return entriesOf(given, verb).map(([name, item]) => ({ name, expr: columnExpr(item, `${verb}: ${name}`) }))
}

/** As {@link namedExprs}; functions that have no window of their own get the given one. */
export function windowExprs(given: unknown, window: Window): NamedExpr[] {
  const shared = windowClause(window, 'window')
  return entriesOf(given, 'window').map(([name, item]) => {
    const value = isColumn(item) ? item[columnState].value : null
    const open = value !== null && 'call' in value && value.call.over === null
    return {
      name,
      expr: open ? callToExpr({ ...value.call, over: shared }) : columnExpr(item, `window: ${name}`),
    }
  })
}

/** Keys of groups: names, columns that have a name, or expressions by name. */
export function groupKeys(given: readonly unknown[]): NamedExpr[] {
  return given.flatMap((key): NamedExpr[] => {
    if (typeof key === 'string') return [{ name: key, expr: column(key) }]
    if (!isColumn(key)) return namedExprs(key, 'groupBy')
    const { name } = key[columnState]
    if (name !== null) return [{ name, expr: exprOf(key) }]
    throw new EngineError('PLAN_INVALID', `groupBy: the key ${formatExpr(exprOf(key))} has no name`, {
      hint: "give it one: .alias('year'), or groupBy({ year: _.at.year() })",
    })
  })
}

export function namesOf(given: readonly unknown[], verb: string): string[] {
  return given.map((name) => {
    if (typeof name === 'string') return name
    const hint = isColumn(name) ? 'write the name; project makes columns of expressions' : undefined
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `${verb} takes names of columns, got ${describe(name)}`,
      hint === undefined ? {} : { hint },
    )
  })
}

/** A whole number of rows from 0. */
export function rowCount(count: unknown, what: string): number {
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
  throw new EngineError(
    'WRONG_ARGUMENTS',
    `${what} takes a whole number of rows from 0, got ${describe(count)}`,
  )
}

function entriesOf(given: unknown, verb: string): [string, unknown][] {
  const items = built(given)
  if (typeof items === 'object' && items !== null && !Array.isArray(items) && !isColumn(items)) {
    return Object.entries(items)
  }
  throw new EngineError('WRONG_ARGUMENTS', `${verb} takes columns by name, got ${describe(items)}`, {
    hint: `${verb}({ total: _.price.times(_.count) })`,
  })
}

/** A sample of `rows`, or of a `fraction` between 0 and 1. */
export function sampleVerb(given: { rows?: unknown; fraction?: unknown; seed?: unknown }): Verb {
  const { rows, fraction, seed = null } = given
  if ((rows === undefined) === (fraction === undefined)) {
    throw new EngineError('WRONG_ARGUMENTS', 'sample takes either rows or a fraction', {
      hint: 'sample({ rows: 100 }) or sample({ fraction: 0.1, seed: 42 })',
    })
  }
  if (seed !== null && (typeof seed !== 'number' || !Number.isSafeInteger(seed) || seed < 0)) {
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `sample: seed takes a whole number from 0, got ${describe(seed)}`,
    )
  }
  if (rows !== undefined) return { kind: 'sample', size: { rows: rowCount(rows, 'sample') }, seed }
  if (typeof fraction === 'number' && fraction >= 0 && fraction <= 1)
    return { kind: 'sample', size: { fraction }, seed }
  throw new EngineError('WRONG_ARGUMENTS', `sample takes a fraction from 0 to 1, got ${String(fraction)}`)
}
