import type { Expr } from '../../src/expr/expr.ts'
import type { Column } from '../column.ts'
import { callToExpr, functionCall } from '../functionCall.ts'

/** How methods of a column are carried out: from its expression and the arguments, checked as such, to an expression. */
export type ColumnMethods<Name extends keyof Column> = {
  readonly [Method in Name]: (
    self: Expr,
    ...args: Column[Method] extends (...args: infer Args) => unknown ? Args : never
  ) => Expr
}

/** A call of a scalar function of DuckDB. */
export function scalar(name: string, ...args: readonly Expr[]): Expr {
  return callToExpr(functionCall(name, args))
}
