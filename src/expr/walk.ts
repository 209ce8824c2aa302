import { exprChildren, mapExprChildren } from './children.ts'
import type { CallExpr, Expr, SqlScope } from './expr.ts'

/** What volatility needs to know of the catalog; a CatalogSnapshot has it. */
export interface KnownFunctions {
  readonly functions: ReadonlyMap<string, { readonly volatility: 'immutable' | 'stable' | 'volatile' }>
}

/** Replaces every expression of a tree, operands first; the same object if nothing changed. */
export function transformUp(expr: Expr, replace: (expr: Expr) => Expr): Expr {
  return replace(mapExprChildren(expr, (child) => transformUp(child, replace)))
}

export function someExpr(expr: Expr, test: (expr: Expr) => boolean): boolean {
  return test(expr) || exprChildren(expr).some((child) => someExpr(child, test))
}

/** Names of the columns that an expression holds. */
export function collectColumns(expr: Expr, into: Set<string> = new Set()): Set<string> {
  if (expr.kind === 'column') into.add(expr.name)
  for (const child of exprChildren(expr)) collectColumns(child, into)
  return into
}

/** Catalog calls, those in arguments before the calls that take them. */
export function collectCalls(expr: Expr, into: CallExpr[] = []): CallExpr[] {
  for (const child of exprChildren(expr)) collectCalls(child, into)
  if (expr.kind === 'call') into.push(expr)
  return into
}

export function containsCall(expr: Expr): boolean {
  return someExpr(expr, ({ kind }) => kind === 'call')
}

/** Puts an expression in place of each column that the map names. */
export function substituteColumns(expr: Expr, replacements: ReadonlyMap<string, Expr>): Expr {
  return transformUp(expr, (node) => (node.kind === 'column' ? (replacements.get(node.name) ?? node) : node))
}

/** Whether two evaluations over equal rows may differ. A function that the catalog does not know counts as volatile. */
export function isVolatile(expr: Expr, catalog: KnownFunctions): boolean {
  return someExpr(expr, (node) => {
    if (node.kind === 'sql') return node.volatile
    if (node.kind === 'call')
      return (catalog.functions.get(node.function)?.volatility ?? 'volatile') === 'volatile'
    return false
  })
}

/** Whether an expression has one value for the whole query, known without any row. Calls count as what they are given. */
export function isConstant(expr: Expr): boolean {
  return !someExpr(
    expr,
    (node) => node.kind === 'column' || (node.kind === 'sql' && (node.volatile || node.scope !== 'row')),
  )
}

/** Whether some part is computed over a group, a window or a subquery; parts of a subquery do not count. */
export function holdsScope(expr: Expr, scope: SqlScope): boolean {
  if (expr.kind === 'sql') {
    if (expr.scope === scope) return true
    if (expr.scope === 'query') return false
  }
  return exprChildren(expr).some((child) => holdsScope(child, scope))
}

/** Whether the whole expression is computed from one row and names its columns openly, so that it can be moved. */
export function isRowWise(expr: Expr): boolean {
  return !someExpr(expr, (node) => node.kind === 'sql' && node.scope !== 'row')
}
