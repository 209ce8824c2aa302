import type { Expr } from '../expr/expr.ts'
import { someExpr } from '../expr/walk.ts'

const failing =
  /::|\b(?:cast|error|strptime|json\w*|from_\w+|to_\w+|unhex|decode|make_\w+|sqrt|ln|log\w*|chr|factorial|bitstring|array_\w+)\s*\(/i

/**
 * Whether DuckDB may fail to compute an expression for some values: it casts, parses or has a bounded domain. Such an
 * expression stays behind the filters that were written before it.
 */
export function mayFail(expr: Expr): boolean {
  return someExpr(expr, (node) => {
    if (node.kind === 'call') return true
    return node.kind === 'sql' && (node.scope !== 'row' || node.parts.some((part) => failing.test(part)))
  })
}
