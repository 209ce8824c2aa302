import type { Expr } from '../../src/expr/expr.ts'
import { literal } from '../../src/expr/factories.ts'
import { toExpr } from '../operand.ts'
import { sql } from '../sqlPieces.ts'
import { type ColumnMethods, scalar } from './methods.ts'

export type TextMethodName =
  | 'upper'
  | 'lower'
  | 'trim'
  | 'trimStart'
  | 'trimEnd'
  | 'length'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'like'
  | 'ilike'
  | 'regexpMatches'
  | 'regexpExtract'
  | 'regexpReplace'
  | 'replace'
  | 'substring'
  | 'split'
  | 'concat'
  | 'padStart'
  | 'padEnd'

export const textMethods: ColumnMethods<TextMethodName> = {
  upper: (self) => scalar('upper', self),
  lower: (self) => scalar('lower', self),
  trim: (self, characters) => trimmed('trim', self, characters),
  trimStart: (self, characters) => trimmed('ltrim', self, characters),
  trimEnd: (self, characters) => trimmed('rtrim', self, characters),
  length: (self) => scalar('length', self),
  contains: (self, text) => scalar('contains', self, toExpr(text, 'contains')),
  startsWith: (self, prefix) => scalar('starts_with', self, toExpr(prefix, 'startsWith')),
  endsWith: (self, suffix) => scalar('ends_with', self, toExpr(suffix, 'endsWith')),
  like: (self, pattern) => sql`(${self} LIKE ${toExpr(pattern, 'like')})`,
  ilike: (self, pattern) => sql`(${self} ILIKE ${toExpr(pattern, 'ilike')})`,
  regexpMatches: (self, pattern) => scalar('regexp_matches', self, toExpr(pattern, 'regexpMatches')),
  regexpExtract: (self, pattern, group = 0) =>
    scalar('regexp_extract', self, toExpr(pattern, 'regexpExtract'), literal(group)),
  regexpReplace: (self, pattern, replacement, options) => {
    const args = [toExpr(pattern, 'regexpReplace'), toExpr(replacement, 'regexpReplace')]
    return scalar('regexp_replace', self, ...args, ...(options === undefined ? [] : [literal(options)]))
  },
  replace: (self, search, replacement) =>
    scalar('replace', self, toExpr(search, 'replace'), toExpr(replacement, 'replace')),
  substring: (self, start, length) => {
    const position = sqlPosition(start, toExpr(start, 'substring'))
    const args = length === undefined ? [position] : [position, toExpr(length, 'substring')]
    return scalar('substring', self, ...args)
  },
  split: (self, separator) => scalar('string_split', self, toExpr(separator, 'split')),
  concat: (self, ...others) => scalar('concat', self, ...others.map((other) => toExpr(other, 'concat'))),
  padStart: (self, length, fill = ' ') =>
    scalar('lpad', self, toExpr(length, 'padStart'), toExpr(fill, 'padStart')),
  padEnd: (self, length, fill = ' ') =>
    scalar('rpad', self, toExpr(length, 'padEnd'), toExpr(fill, 'padEnd')),
}

function trimmed(name: string, self: Expr, characters: unknown): Expr {
  return characters === undefined ? scalar(name, self) : scalar(name, self, toExpr(characters, 'trim'))
}

/** SQL counts from 1, and from the end with negative numbers as here. */
function sqlPosition(start: unknown, expr: Expr): Expr {
  if (typeof start === 'number') return literal(start < 0 ? start : start + 1)
  return sql`(${expr} + CAST(${expr} >= 0 AS INTEGER))`
}
