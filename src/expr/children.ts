import { unreachable } from '../base/errors.ts'
import type { Expr } from './expr.ts'
import { and, call, caseWhen, coalesce, or, sql } from './factories.ts'

/** The operands of an expression, in the order in which they are written. */
export function exprChildren(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'column':
    case 'literal':
      return []
    case 'call':
      return expr.metadata === null ? expr.args : [...expr.args, expr.metadata]
    case 'and':
    case 'or':
    case 'coalesce':
    case 'sql':
      return expr.args
    case 'case': {
      const branches = expr.branches.flatMap(({ when, result }) => [when, result])
      return expr.otherwise === null ? branches : [...branches, expr.otherwise]
    }
    default:
      return unreachable(expr)
  }
}

/** The expression with each operand replaced; the same object if none changed. */
export function mapExprChildren(expr: Expr, map: (child: Expr) => Expr): Expr {
  const before = exprChildren(expr)
  const after = before.map(map)
  if (after.every((child, index) => child === before[index])) return expr
  switch (expr.kind) {
    case 'column':
    case 'literal':
      return expr
    case 'call': {
      if (expr.metadata === null) return call(expr.function, after, expr)
      return call(expr.function, after.slice(0, -1), { ...expr, metadata: after.at(-1) ?? null })
    }
    case 'and':
      return and(after)
    case 'or':
      return or(after)
    case 'coalesce':
      return coalesce(after)
    case 'sql':
      return sql(expr.parts, after, expr)
    case 'case': {
      const branches = expr.branches.map((_, index) => ({
        when: after[2 * index]!,
        result: after[2 * index + 1]!,
      }))
      return caseWhen(branches, expr.otherwise === null ? null : after.at(-1)!)
    }
    default:
      return unreachable(expr)
  }
}
