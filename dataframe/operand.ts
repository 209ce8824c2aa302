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
  if (typeof value === 'function') throw wrongValue(value, place)
  const hint =
    typeof value === 'string'
      ? `write ${attribute(value)} for the column of that name, F.lit(…) for the text`
      : 'write F.lit(…) for a constant'
  throw new EngineError('WRONG_ARGUMENTS', `${place} takes a column, got ${describe(value)}`, { hint })
}

function attribute(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `_.${name}` : `_[${JSON.stringify(name)}]`
}

function checkLiteral(value: unknown, place: string): asserts value is LiteralValue {
  if (value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value)) return
  if (value instanceof Uint8Array) return
  if (value instanceof Date && !Number.isNaN(value.getTime())) return
  if (!Array.isArray(value) && !isPlainObject(value)) throw wrongValue(value, place)
  for (const item of Object.values(value)) checkLiteral(item, place)
}

function wrongValue(value: unknown, place: string): EngineError {
  const hint =
    typeof value === 'function'
      ? 'a method of a column is called with (): _.memo.isNull()'
      : 'use a column, null, a boolean, number, bigint, string, Date, Uint8Array, or a list or object of these'
  return new EngineError('WRONG_ARGUMENTS', `${place} takes columns and literals, got ${describe(value)}`, {
    hint,
  })
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** Whether a list or object has a column somewhere within. */
function holdsColumns(value: unknown): value is object {
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

export function checkedName(name: unknown, place: string): string {
  if (typeof name === 'string' && name !== '') return name
  throw new EngineError('WRONG_ARGUMENTS', `${place} takes a name, got ${describe(name)}`)
}

/** What a wrong argument is, for a message: `the text "amount"`, `a Map`, `undefined`. */
export function describe(value: unknown): string {
  if (isColumn(value)) return 'a column'
  if (typeof value === 'string') return `the text ${JSON.stringify(value)}`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'an invalid Date'
  if (typeof value !== 'object' || value === null) return String(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  const name = prototype === null || prototype === Object.prototype ? 'object' : value.constructor.name
  return /^[aeiou]/i.test(name) ? `an ${name}` : `a ${name}`
}
