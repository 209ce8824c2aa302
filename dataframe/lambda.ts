import type { Expr } from '../src/expr/expr.ts'
import { sql } from '../src/expr/factories.ts'
import { containsCall, transformUp } from '../src/expr/walk.ts'
import type { Column } from './column.ts'
import { columnExpr } from './operand.ts'
import { sqlOfPieces } from './sqlPieces.ts'
import { hasUnparsedText } from './unparsedText.ts'

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

/** A catalog call, which text may hold too, has to stay in the lambda that knows its parameters; else all is over one row. */
function withinRow(body: Expr, parameters: readonly Expr[]): Expr {
  if (containsCall(body) || hasUnparsedText(body)) return body
  return transformUp(body, (node) =>
    node.kind === 'sql' && parameters.includes(node) ? sql(node.parts, []) : node,
  )
}
