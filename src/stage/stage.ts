import type { CallOptions, CallOutcome } from '../../catalog/policy/policies.ts'
import type { FileSource, LogicalPlan, ScanPlan } from '../plan/plan.ts'

/** A scan that several engines can share. */
export interface SharedScan extends ScanPlan {
  readonly source: FileSource
}

export type Route = 'fused' | 'staged' | 'bridged'

/** Where one call of the plan runs, and why; EXPLAIN shows it. */
export interface RoutedCall {
  readonly function: string
  readonly route: Route
  readonly reason: string
  /** What the call site asks for. */
  readonly options: CallOptions | null
  readonly outcome: CallOutcome
}

/** A stage whose rows another one reads under the name of a relation. */
export interface StageInput {
  readonly relation: string
  readonly stage: Stage
}

/**
 * Rows of one parquet scan that a plan maps one by one, so that several engines can share them by ranges of rows. A plan that
 * aggregates them is computed for each range, and `combine` makes one result of the partial ones.
 */
export interface Partitioning {
  readonly scan: SharedScan
  /** The plan over a part of the scan. */
  partPlan(part: LogicalPlan): LogicalPlan
  /** The plan over the partial results in their order; null if they are simply put one after the other. */
  readonly combine: ((partials: LogicalPlan) => LogicalPlan) | null
}

/** One statement for DuckDB. */
export interface QueryStage {
  readonly kind: 'query'
  readonly plan: LogicalPlan
  readonly inputs: readonly StageInput[]
  /** Whether the statement stands on its inputs and on files alone, so that any engine can run it. */
  readonly selfContained: boolean
  /** Functions that run inside DuckDB's callback. */
  readonly fused: readonly string[]
  /** Whether it may make calls over the bridge. */
  readonly bridges: boolean
  readonly partitioning: Partitioning | null
}

export interface StageCall {
  readonly function: string
  /** Indexes of the input's columns. */
  readonly args: readonly number[]
  /** Index of a column with JSON text, or null. */
  readonly metadata: number | null
  /** Index of a boolean column that selects the rows to call, or null for all. */
  readonly guard: number | null
  /** All arguments are constant: one row is called, and its result repeated. */
  readonly once: boolean
  /** What the call site asks for instead of what the function's definition says; null for nothing. */
  readonly options: CallOptions | null
  /**
   * `'try'`: the column has the type `tryType` of the function's output, and no row fails the query. `'value'`: a row that fails
   * takes `onError`, which is never `'column'` here: such calls are tried.
   */
  readonly outcome: CallOutcome
}

export type StageOutput =
  | { readonly kind: 'input'; readonly name: string; readonly column: number }
  | { readonly kind: 'call'; readonly name: string; readonly call: number }

/** Calls over the rows of the input, each batch handed to all of them at once. */
export interface CallStage {
  readonly kind: 'call'
  readonly input: Stage
  readonly calls: readonly StageCall[]
  readonly outputs: readonly StageOutput[]
}

export type Stage = QueryStage | CallStage
