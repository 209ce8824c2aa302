import type { Expr } from './expr.ts'
import { quoteIdentifier, renderExpr } from './render.ts'

/** A name for people to read: quoted only if it is not one plain word. */
export function formatName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoteIdentifier(name)
}

/** An expression for people to read: the SQL that they would write, with as few quotes as can be. */
export function formatExpr(expr: Expr): string {
  return renderExpr(expr, { column: formatName, callee: formatName, calls: 'read' })
}
