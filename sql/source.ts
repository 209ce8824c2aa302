import type { Expr } from '../src/expr/expr.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { ColumnTree, ExpressionTree } from './tree.ts'

/** A column that a star stands for. */
export interface StarColumn {
  readonly expr: Expr
  /** The name that DuckDB gives it. */
  readonly display: string
}

/** What FROM yields, as the clauses above it use it. Its columns are known once every clause was translated. */
export interface Source {
  /** Throws NotLiftable for a reference that it cannot resolve with certainty. */
  column(tree: ColumnTree): Expr
  /** The columns of a star, COLUMNS(…) included. */
  star(tree: ExpressionTree): Promise<readonly StarColumn[]>
  /** A column with the value of any expression over FROM; null for a source that computes nothing. */
  compute(tree: ExpressionTree): Expr | null
  /** Takes WHERE into the source; false for a source that has none. */
  filter(tree: ExpressionTree): boolean
  /** Computes in groups: from here on `compute` takes keys and aggregates. False for a source that has none. */
  group(keys: readonly ExpressionTree[], sets: readonly (readonly number[])[]): boolean
  /** Names of the columns that `plan` yields. */
  columns(): readonly string[]
  /** To be called when everything above is translated; the plan is there once the printer was flushed. */
  finish(): Promise<() => LogicalPlan>
}
