import { EngineError } from '../src/base/errors.ts'
import type { Expr, SqlScope } from '../src/expr/expr.ts'
import type { SortKey } from '../src/plan/plan.ts'
import { aggregateFunctions, volatileFunctions, windowFunctions } from './functionNames.ts'
import { type SqlPieces, separated, sqlOfPieces } from './sqlPieces.ts'

/** A call of a function of DuckDB, before it becomes SQL: aggregates and window functions grow clause by clause. */
export interface FunctionCall {
  readonly name: string
  readonly scope: SqlScope
  readonly args: readonly Expr[]
  readonly distinct: boolean
  readonly orderBy: readonly SortKey[]
  readonly filter: Expr | null
  readonly over: WindowClause | null
}

export interface WindowClause {
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  /** `ROWS BETWEEN … AND …`; null takes DuckDB's default. */
  readonly frame: string | null
}

/** DuckDB's grammar gives these names a meaning of their own unless they are quoted. */
const quotedNames: ReadonlySet<string> = new Set(['nullif', 'position'])
const plainName = /^[a-z_][a-z0-9_]*$/i

/** A function by DuckDB's own name, `schema.name` included. Names are known as aggregates or window functions by a list. */
export function functionCall(name: string, args: readonly Expr[]): FunctionCall {
  const key = name.toLowerCase()
  const aggregate = aggregateFunctions.has(key) ? 'aggregate' : 'row'
  const scope = windowFunctions.has(key) ? 'window' : aggregate
  return { name, scope, args, distinct: false, orderBy: [], filter: null, over: null }
}

/** The call as an expression. Throws PLAN_INVALID for a window function that has no window yet. */
export function callToExpr(call: FunctionCall): Expr {
  if (call.scope === 'window' && call.over === null) {
    throw new EngineError('PLAN_INVALID', `${call.name} is a window function and has no window`, {
      hint: "add one: .over({ partitionBy: 'city', orderBy: 'amount' })",
    })
  }
  return incompleteCallToExpr(call)
}

/** As {@link callToExpr}, for people to read while the call grows. */
export function incompleteCallToExpr(call: FunctionCall): Expr {
  const { name, scope, args, distinct, orderBy, filter, over } = call
  const list = separated(
    args.map((arg) => [arg]),
    ', ',
  )
  const pieces: SqlPieces = [
    `${functionName(name)}(`,
    distinct ? 'DISTINCT ' : '',
    ...list,
    ...clause(args.length === 0 ? 'ORDER BY ' : ' ORDER BY ', sortPieces(orderBy)),
    ')',
    ...(filter === null ? [] : [' FILTER (WHERE ', filter, ')']),
    ...(over === null ? [] : [' OVER (', ...windowPieces(over), ')']),
  ]
  return sqlOfPieces(pieces, over === null ? scope : 'window', volatileFunctions.has(name.toLowerCase()))
}

function functionName(name: string): string {
  return name
    .split('.')
    .map((part) => (plainName.test(part) && !quotedNames.has(part.toLowerCase()) ? part : quoted(part)))
    .join('.')
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function windowPieces({ partitionBy, orderBy, frame }: WindowClause): SqlPieces {
  const clauses = [
    clause(
      'PARTITION BY ',
      separated(
        partitionBy.map((expr) => [expr]),
        ', ',
      ),
    ),
    clause('ORDER BY ', sortPieces(orderBy)),
    frame === null ? [] : [frame],
  ]
  return separated(
    clauses.filter((pieces) => pieces.length > 0),
    ' ',
  )
}

function clause(keyword: string, pieces: SqlPieces): SqlPieces {
  return pieces.length === 0 ? [] : [keyword, ...pieces]
}

function sortPieces(keys: readonly SortKey[]): SqlPieces {
  return separated(
    keys.map(({ expr, descending, nullsFirst }) => [
      expr,
      descending ? ' DESC' : '',
      nullsFirst === null ? '' : nullsFirst ? ' NULLS FIRST' : ' NULLS LAST',
    ]),
    ', ',
  )
}

/** A name in camelCase as DuckDB writes names: `listDistinct` is `list_distinct`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
