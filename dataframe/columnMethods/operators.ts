import { EngineError } from '../../src/base/errors.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { and, coalesce, literal, or } from '../../src/expr/factories.ts'
import { toExpr } from '../operand.ts'
import { separated, sql, sqlOfPieces } from '../sqlPieces.ts'
import { type ColumnMethods, scalar } from './methods.ts'

export type OperatorName =
  | 'plus'
  | 'minus'
  | 'times'
  | 'dividedBy'
  | 'modulo'
  | 'power'
  | 'negate'
  | 'abs'
  | 'round'
  | 'floor'
  | 'ceil'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'between'
  | 'isIn'
  | 'isDistinctFrom'
  | 'isNotDistinctFrom'
  | 'and'
  | 'or'
  | 'not'
  | 'isNull'
  | 'isNotNull'
  | 'fillNull'
  | 'coalesce'
  | 'nullIf'

export const operators: ColumnMethods<OperatorName> = {
  plus: (self, other) => sql`(${self} + ${toExpr(other, 'plus')})`,
  minus: (self, other) => sql`(${self} - ${toExpr(other, 'minus')})`,
  times: (self, other) => sql`(${self} * ${toExpr(other, 'times')})`,
  dividedBy: (self, other) => sql`(${self} / ${toExpr(other, 'dividedBy')})`,
  modulo: (self, other) => sql`(${self} % ${toExpr(other, 'modulo')})`,
  power: (self, exponent) => scalar('pow', self, toExpr(exponent, 'power')),
  negate: (self) => sql`(- ${self})`,
  abs: (self) => scalar('abs', self),
  round: (self, digits = 0) => scalar('round', self, toExpr(digits, 'round')),
  floor: (self) => scalar('floor', self),
  ceil: (self) => scalar('ceil', self),

  eq: (self, other) => sql`(${self} = ${comparable(other, 'eq')})`,
  ne: (self, other) => sql`(${self} <> ${comparable(other, 'ne')})`,
  lt: (self, other) => sql`(${self} < ${comparable(other, 'lt')})`,
  le: (self, other) => sql`(${self} <= ${comparable(other, 'le')})`,
  gt: (self, other) => sql`(${self} > ${comparable(other, 'gt')})`,
  ge: (self, other) => sql`(${self} >= ${comparable(other, 'ge')})`,
  between: (self, low, high) =>
    sql`(${self} BETWEEN ${comparable(low, 'between')} AND ${comparable(high, 'between')})`,
  isIn: (self, candidates) => isIn(self, candidates),
  isDistinctFrom: (self, other) => sql`(${self} IS DISTINCT FROM ${toExpr(other, 'isDistinctFrom')})`,
  isNotDistinctFrom: (self, other) =>
    sql`(${self} IS NOT DISTINCT FROM ${toExpr(other, 'isNotDistinctFrom')})`,

  and: (self, ...others) => and([self, ...others.map((other) => toExpr(other, 'and'))]),
  or: (self, ...others) => or([self, ...others.map((other) => toExpr(other, 'or'))]),
  not: (self) => sql`(NOT ${self})`,

  isNull: (self) => sql`(${self} IS NULL)`,
  isNotNull: (self) => sql`(${self} IS NOT NULL)`,
  fillNull: (self, value) => coalesce([self, toExpr(value, 'fillNull')]),
  coalesce: (self, ...others) => coalesce([self, ...others.map((other) => toExpr(other, 'coalesce'))]),
  nullIf: (self, value) => scalar('nullif', self, toExpr(value, 'nullIf')),
}

/** A comparison with the constant null is null for every row: nobody means it. */
function comparable(other: unknown, method: string): Expr {
  if (other !== null) return toExpr(other, method)
  const hint = 'write .isNull() or .isNotNull(); .isDistinctFrom(…) takes null for a value'
  throw new EngineError('WRONG_ARGUMENTS', `${method}(null) is null for every row`, { hint })
}

/** SQL has no empty list after IN; nothing is in it. */
function isIn(self: Expr, candidates: unknown): Expr {
  if (!Array.isArray(candidates)) {
    throw new EngineError('WRONG_ARGUMENTS', 'isIn takes a list of values', {
      hint: "_.city.isIn(['Bern', 'Basel'])",
    })
  }
  if (candidates.length === 0) return literal(false)
  const list = candidates.map((candidate: unknown) => [toExpr(candidate, 'isIn')])
  return sqlOfPieces(['(', self, ' IN (', ...separated(list, ', '), '))'], 'row', false)
}
