import type { Expr, SqlScope } from '../src/expr/expr.ts'
import { sql as sqlExpr } from '../src/expr/factories.ts'

/** Text and arguments of an expression in SQL, in order. */
export type SqlPieces = readonly (string | Expr)[]

/** An expression of text and arguments in turns: sql`(${left} + ${right})`. */
export function sql(texts: TemplateStringsArray, ...args: readonly Expr[]): Expr {
  return sqlExpr([...texts], args)
}

/** An expression of pieces of which several may be text in a row. */
export function sqlOfPieces(pieces: SqlPieces, scope: SqlScope, volatile: boolean): Expr {
  const parts = ['']
  const args: Expr[] = []
  for (const piece of pieces) {
    if (typeof piece === 'string') parts[parts.length - 1] += piece
    else {
      args.push(piece)
      parts.push('')
    }
  }
  return sqlExpr(parts, args, { scope, volatile })
}

/** Lists of pieces with a text between each two. */
export function separated(lists: readonly SqlPieces[], separator: string): SqlPieces {
  return lists.flatMap((pieces, index) => (index === 0 ? pieces : [separator, ...pieces]))
}
