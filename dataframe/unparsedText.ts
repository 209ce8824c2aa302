import { mapExprChildren } from '../src/expr/children.ts'
import type { Expr } from '../src/expr/expr.ts'
import { someExpr } from '../src/expr/walk.ts'

/** Expressions whose text a session has yet to parse: it may name columns and call the catalog. */
const unparsed = new WeakSet<Expr>()

export function markUnparsed<Text extends Expr>(expr: Text): Text {
  unparsed.add(expr)
  return expr
}

export function isUnparsed(expr: Expr): boolean {
  return unparsed.has(expr)
}

export function hasUnparsedText(expr: Expr): boolean {
  return someExpr(expr, isUnparsed)
}

/** Replaces expressions of a tree, operands first; text that is not parsed yet stays known as such. */
export function transformKeepingText(expr: Expr, replace: (expr: Expr) => Expr): Expr {
  const mapped = mapExprChildren(expr, (child) => transformKeepingText(child, replace))
  return replace(isUnparsed(expr) ? markUnparsed(mapped) : mapped)
}
