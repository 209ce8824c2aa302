import type { CallOptions, CallOutcome } from '../../catalog/policy/policies.ts'
import type { Schema } from '../base/dataType.ts'
import type { Expr, NamedExpr } from '../expr/expr.ts'

/** Files that DuckDB reads itself. */
export interface FileSource {
  readonly kind: 'parquet' | 'csv' | 'json'
  /** Paths or globs, in order. */
  readonly paths: readonly string[]
  /** Named arguments of DuckDB's reader (`hive_partitioning`, `delim`, …). */
  readonly options: Readonly<Record<string, string | number | boolean>>
}

/** A table, view or table of an attached database; each part of the name is quoted when it is written. */
export interface TableSource {
  readonly kind: 'table'
  readonly name: readonly string[]
}

/** Rows that came from JavaScript or Arrow; the session holds them under this id. */
export interface MemorySource {
  readonly kind: 'memory'
  readonly id: string
}

export type Source = FileSource | TableSource | MemorySource

export interface SortKey {
  readonly expr: Expr
  readonly descending: boolean
  readonly nullsFirst: boolean | null
}

/** Reads columns of a source; `columns` null reads all. */
export interface ScanPlan {
  readonly kind: 'scan'
  readonly source: Source
  /** What the source holds; null until the plan is analyzed. */
  readonly schema: Schema | null
  readonly columns: readonly string[] | null
}

/**
 * SQL that the planner does not look into: a statement's text with holes for relations,
 * `parts[0] (inputs[0]) parts[1] …`. It keeps the order of rows that its own text asks for, no other.
 */
export interface OpaquePlan {
  readonly kind: 'opaque'
  readonly parts: readonly string[]
  readonly inputs: readonly LogicalPlan[]
  /** Its columns; null until the plan is analyzed. */
  readonly schema: Schema | null
}

export interface ProjectPlan {
  readonly kind: 'project'
  readonly input: LogicalPlan
  readonly items: readonly NamedExpr[]
}

export interface FilterPlan {
  readonly kind: 'filter'
  readonly input: LogicalPlan
  readonly predicate: Expr
}

/** Appends the result column of one catalog call to its input. */
export interface CallProjectPlan {
  readonly kind: 'callProject'
  readonly input: LogicalPlan
  /** Name of the appended column. */
  readonly name: string
  readonly function: string
  /** Free of calls. */
  readonly args: readonly Expr[]
  readonly metadata: Expr | null
  readonly options: CallOptions | null
  /** Whether the column holds values, or structs of value and error. */
  readonly outcome: CallOutcome
  /** Rows to call, free of calls: where it is not true the result is null and unused. Null calls every row. */
  readonly guard: Expr | null
  /**
   * The arguments are constant: one row is called, and only if the input has any (that pass the guard); its result is
   * repeated.
   */
  readonly once: boolean
}

/** Outside of its aggregates an item of `aggregates` reads columns of the input only as parts of the keys' expressions. */
export interface AggregatePlan {
  readonly kind: 'aggregate'
  readonly input: LogicalPlan
  readonly keys: readonly NamedExpr[]
  readonly aggregates: readonly NamedExpr[]
  /** For GROUPING SETS, ROLLUP and CUBE: indexes into `keys`; null groups by all keys. */
  readonly groupingSets: readonly (readonly number[])[] | null
}

export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'cross' | 'asof'

/**
 * Joins two inputs. The columns of the result are those of the left, then those of the right but for `using` (semi and anti:
 * those of the left); the names of both sides are distinct apart from `using`, so that conditions need no qualifier.
 */
export interface JoinPlan {
  readonly kind: 'join'
  readonly type: JoinType
  readonly left: LogicalPlan
  readonly right: LogicalPlan
  readonly using: readonly string[]
  /** The condition besides `using`; for asof it holds the one inequality. */
  readonly on: Expr | null
}

export interface SortPlan {
  readonly kind: 'sort'
  readonly input: LogicalPlan
  readonly keys: readonly SortKey[]
}

/** `count` null takes all rows after `offset`. */
export interface LimitPlan {
  readonly kind: 'limit'
  readonly input: LogicalPlan
  readonly count: number | null
  readonly offset: number
}

/** Distinct rows, or the first row for each value of `on`. */
export interface DistinctPlan {
  readonly kind: 'distinct'
  readonly input: LogicalPlan
  readonly on: readonly Expr[] | null
}

/** UNION ALL, by position or by name. */
export interface UnionPlan {
  readonly kind: 'union'
  readonly inputs: readonly LogicalPlan[]
  readonly byName: boolean
}

/** A row for each item of a list column, which the item replaces; empty and null lists give no row unless `keepEmpty`. */
export interface ExplodePlan {
  readonly kind: 'explode'
  readonly input: LogicalPlan
  readonly column: string
  readonly keepEmpty: boolean
}

export interface SamplePlan {
  readonly kind: 'sample'
  readonly input: LogicalPlan
  /** Rows, or a fraction between 0 and 1. */
  readonly size: { readonly rows: number } | { readonly fraction: number }
  readonly seed: number | null
}

export type LogicalPlan =
  | ScanPlan
  | OpaquePlan
  | ProjectPlan
  | FilterPlan
  | CallProjectPlan
  | AggregatePlan
  | JoinPlan
  | SortPlan
  | LimitPlan
  | DistinctPlan
  | UnionPlan
  | ExplodePlan
  | SamplePlan
