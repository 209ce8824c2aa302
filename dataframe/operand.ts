import { EngineError } from '../src/base/errors.ts'
import type { Expr, LiteralValue } from '../src/expr/expr.ts'
import { literal } from '../src/expr/factories.ts'
import { quoteLiteral } from '../src/expr/render.ts'
import { type ColumnLike, columnState } from './column.ts'
import { callToExpr } from './functionCall.ts'
import { separated, sqlOfPieces } from './sqlPieces.ts'

export function isColumn(value: unknown): value is ColumnLike {
  return typeof value === 'object' && value !== null && columnState in value
}

/** The expression of a column. Throws PLAN_INVALID if it is a window function without its window. */
export function exprOf(column: ColumnLike): Expr {
  const { value } = column[columnState]
  return 'call' in value ? callToExpr(value.call) : value.expr
}

/** A column's expression, or a JavaScript value as a literal; `place` starts the message of an error (`plus`). */
export function toExpr(value: unknown, place: string): Expr {
  if (isColumn(value)) return exprOf(value)
  if (holdsColumns(value)) return nestedExpr(value, place)
  checkLiteral(value, place)
  return literal(value)
}

/** As `toExpr`, for an argument that has to be a column. */
export function columnExpr(value: unknown, place: string): Expr {
  if (isColumn(value)) return exprOf(value)
  const hint =
    typeof value === 'string'
      ? `write _[${JSON.stringify(value)}] for the column of that name, F.lit(${JSON.stringify(value)}) for the text`
      : 'write F.lit(…) for a constant'
  throw new EngineError('WRONG_ARGUMENTS', `${place} takes a column, got ${describe(value)}`, { hint })
}

function checkLiteral(value: unknown, place: string): asserts value is LiteralValue {
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return
    case 'object':
      if (value === null || value instanceof Uint8Array) return
      if (value instanceof Date) {
        if (Number.isNaN(value.getTime())) throw wrongValue('an invalid Date', place)
        return
      }
      if (Array.isArray(value) || isPlainObject(value)) {
        for (const item of Object.values(value)) checkLiteral(item, place)
        return
      }
      break
    default:
  }
  throw wrongValue(describe(value), place)
}

function wrongValue(what: string, place: string): EngineError {
  const hint = what.startsWith('a function')
    ? 'a method of a column is called with (): _.memo.isNull()'
    : 'use a column, null, a boolean, number, bigint, string, Date, Uint8Array, or a list or object of these'
  return new EngineError('WRONG_ARGUMENTS', `${place} takes columns and literals, got ${what}`, { hint })
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** Whether a list or object has a column somewhere within. */
function holdsColumns(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (!Array.isArray(value) && !isPlainObject(value)) return false
  return Object.values(value).some((item) => isColumn(item) || holdsColumns(item))
}

function nestedExpr(value: object, place: string): Expr {
  if (!Array.isArray(value)) return structExpr(value, place)
  const items = value.map((item) => [toExpr(item, place)])
  return sqlOfPieces(['[', ...separated(items, ', '), ']'], 'row', false)
}

/** A struct of columns and literals by name. */
export function structExpr(fields: object, place: string): Expr {
  const items = Object.entries(fields).map(([name, value]) => [
    `${quoteLiteral(name)}: `,
    toExpr(value, place),
  ])
  return sqlOfPieces(['{', ...separated(items, ', '), '}'], 'row', false)
}

/** What a wrong argument is, for a message: `the text 'amount'`, `a Map`, `undefined`. */
export function describe(value: unknown): string {
  if (isColumn(value)) return 'a column'
  switch (typeof value) {
    case 'string':
      return `the text ${JSON.stringify(value)}`
    case 'function':
      return 'a function'
    case 'object': {
      if (value === null) return 'null'
      if (Array.isArray(value)) return 'a list'
      const name = isPlainObject(value) ? 'object' : value.constructor.name
      return /^[aeiou]/i.test(name) ? `an ${name}` : `a ${name}`
    }
    default:
      return String(value)
  }
}
