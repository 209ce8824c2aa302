import { formatIdentifier } from '../base/identifier.ts'
import type { Expr } from './expr.ts'
import { renderExpr } from './render.ts'

/** An expression for people to read: as its SQL, with names quoted only where they have to be. */
export function formatExpr(expr: Expr): string {
  return renderExpr(expr, { column: formatIdentifier, callee: formatIdentifier })
}
