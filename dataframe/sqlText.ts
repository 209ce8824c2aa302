import { EngineError } from '../src/base/errors.ts'
import { exprChildren, mapExprChildren } from '../src/expr/children.ts'
import type { Expr } from '../src/expr/expr.ts'
import { sql } from '../src/expr/factories.ts'
import { substituteColumns } from '../src/expr/walk.ts'
import type { Column } from './column.ts'
import { columnOf } from './makeColumn.ts'
import { describe, toExpr } from './operand.ts'
import { hasUnparsedText, isUnparsed, markUnparsed } from './unparsedText.ts'

/** An expression in SQL: F.sql('amount * 2'), or with columns and literals in its holes, F.sql`upper(${_.memo})`. */
export function sqlText(text: string | TemplateStringsArray, ...holes: readonly unknown[]): Column {
  const parts = typeof text === 'string' ? [text] : text
  if (!Array.isArray(parts) || parts.some((part) => typeof part !== 'string')) {
    throw new EngineError('WRONG_ARGUMENTS', `sql takes text, got ${describe(text)}`)
  }
  if (parts.length !== holes.length + 1) {
    throw new EngineError('WRONG_ARGUMENTS', 'sql takes no arguments besides its text', {
      hint: 'put columns into a template: F.sql`upper(${_.memo})`',
    })
  }
  const args = holes.map((hole) => toExpr(hole, 'sql'))
  return columnOf(markUnparsed(sql(inParentheses(parts), args, { scope: 'query' })))
}

/** A comment at the end of the text must not swallow the closing parenthesis. */
function inParentheses(parts: readonly string[]): string[] {
  const closing = parts.at(-1)?.includes('--') === true ? '\n)' : ')'
  return parts.map(
    (part, index) => (index === 0 ? `(${part}` : part) + (index === parts.length - 1 ? closing : ''),
  )
}

/** The expression with what `parse` makes of each text, in which holes are columns of unusual names. */
export async function parseSqlText(expr: Expr, parse: (text: string) => Promise<Expr>): Promise<Expr> {
  if (!hasUnparsedText(expr)) return expr
  const children = await Promise.all(exprChildren(expr).map((child) => parseSqlText(child, parse)))
  if (expr.kind === 'sql' && isUnparsed(expr)) {
    const text = expr.parts.reduce((before, part, index) => `${before}"${holeName(index - 1)}"${part}`)
    const holes = new Map(children.map((child, index) => [holeName(index), child]))
    return substituteColumns(await parse(text), holes)
  }
  const next = children[Symbol.iterator]()
  return mapExprChildren(expr, (child) => next.next().value ?? child)
}

function holeName(index: number): string {
  return `callplane hole ${index}`
}
