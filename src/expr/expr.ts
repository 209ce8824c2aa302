import type { CallOptions, CallOutcome } from '../../catalog/policy/policies.ts'
import type { DataType } from '../base/dataType.ts'

/** A value that a literal can hold; objects become structs, lists keep their order. */
export type LiteralValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly LiteralValue[]
  | { readonly [field: string]: LiteralValue }

/** A column of the input, by name. */
export interface ColumnExpr {
  readonly kind: 'column'
  readonly name: string
}

export interface LiteralExpr {
  readonly kind: 'literal'
  readonly value: LiteralValue
  /** The type to cast to; without it DuckDB's own for such a literal. */
  readonly type: DataType | null
}

/** A call of a catalog function. It is the only expression that DuckDB does not compute. */
export interface CallExpr {
  readonly kind: 'call'
  readonly function: string
  /** In the order of the function's inputs; named arguments have been put in their places. */
  readonly args: readonly Expr[]
  /** What `metadata => {…}` gave: a struct for the handler's context. */
  readonly metadata: Expr | null
  /** What this call site asks for instead of what the function's definition says. */
  readonly options: CallOptions | null
  /** A call that is tried gives a struct of value and error. */
  readonly outcome: CallOutcome
  /** Tried calls of one site with equal arguments are one call, even of a volatile function, whose outcome is read in parts. */
  readonly site: symbol | null
  /** Where the call starts in the text of the statement, if it came from one. */
  readonly position: number | null
}

/** AND or OR of two or more operands; the later ones see only rows that the earlier ones leave undecided. */
export interface LogicalExpr {
  readonly kind: 'and' | 'or'
  readonly args: readonly Expr[]
}

export interface CaseBranch {
  readonly when: Expr
  readonly result: Expr
}

/** `CASE WHEN … THEN … ELSE … END`; a simple CASE is written as comparisons. */
export interface CaseExpr {
  readonly kind: 'case'
  readonly branches: readonly CaseBranch[]
  readonly otherwise: Expr | null
}

export interface CoalesceExpr {
  readonly kind: 'coalesce'
  readonly args: readonly Expr[]
}

/** Over what an expression is computed: one row, the rows of a group, a window, or the query as a whole (a subquery). */
export type SqlScope = 'row' | 'aggregate' | 'window' | 'query'

/**
 * Everything that DuckDB computes: SQL text with holes for its arguments, `parts[0] args[0] parts[1] args[1] … parts[n]`.
 * The text of a whole expression is in parentheses where its precedence needs them. Columns stand in the holes: only text of scope
 * `query` may name some itself, so that what stands below it keeps its columns and their names.
 */
export interface SqlExpr {
  readonly kind: 'sql'
  readonly parts: readonly string[]
  readonly args: readonly Expr[]
  readonly scope: SqlScope
  /** Whether two evaluations over equal rows may differ (`random()`). */
  readonly volatile: boolean
}

export type Expr = ColumnExpr | LiteralExpr | CallExpr | LogicalExpr | CaseExpr | CoalesceExpr | SqlExpr

/** An expression with the name that its column gets. */
export interface NamedExpr {
  readonly name: string
  readonly expr: Expr
}
