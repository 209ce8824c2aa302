import type { Expr } from '../src/expr/expr.ts'
import { sql } from '../src/expr/factories.ts'
import { containsCall, transformUp } from '../src/expr/walk.ts'
import type { Column } from './column.ts'
import { columnExpr } from './operand.ts'
import { sqlOfPieces } from './sqlPieces.ts'

/** Lambdas within lambdas have parameters of their own names. */
let depth = 0

/** A lambda of DuckDB from a function that builds its body from columns, which stand for the parameters. */
export function lambdaExpr(
  body: (...parameters: Column[]) => unknown,
  columnOf: (expr: Expr) => Column,
  place: string,
): Expr {
  depth += 1
  try {
    const names = Array.from(
      { length: Math.max(1, body.length) },
      (_, index) => `_${'xyz'[index] ?? `x${index}`}${depth}`,
    )
    const parameters = names.map((name) => sql([name], [], { scope: 'query' }))
    const result = columnExpr(body(...parameters.map(columnOf)), place)
    return sqlOfPieces([`lambda ${names.join(', ')}: `, withinRow(result, parameters)], 'row', false)
  } finally {
    depth -= 1
  }
}

/** Only a catalog call has to stay within the lambda, where its parameters are known; without one the text is over one row. */
function withinRow(body: Expr, parameters: readonly Expr[]): Expr {
  if (containsCall(body)) return body
  return transformUp(body, (node) =>
    node.kind === 'sql' && parameters.includes(node) ? sql(node.parts, []) : node,
  )
}
