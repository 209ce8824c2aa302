import type { Schema as ArrowSchema, RecordBatch, Table } from 'apache-arrow'
import type { Schema } from '../src/base/dataType.ts'
import type { Expr, LiteralValue } from '../src/expr/expr.ts'
import type { LogicalPlan, MemorySource } from '../src/plan/plan.ts'
import type { WriteRequest } from '../src/plan/writeRequest.ts'

export type { FileFormat, WriteRequest } from '../src/plan/writeRequest.ts'

/** The rows of a query as Arrow record batches; they are computed while they are read. */
export interface QueryResult<Row> extends AsyncIterable<RecordBatch> {
  readonly schema: ArrowSchema
  /** The columns in DuckDB's types. */
  readonly columns: Schema
  /** An object a row. */
  toRows(): Promise<Row[]>
  toArrow(): Promise<Table>
  /** Ends a query that is not read to its end; safe to call twice. */
  close(): Promise<void>
}

/** Rows that come from JavaScript, from Arrow, or from files in Arrow's format, which DuckDB does not read. */
export type MemoryContent =
  | { readonly kind: 'rows'; readonly rows: readonly object[]; readonly schema: Schema | null }
  | { readonly kind: 'arrow'; readonly table: Table }
  | { readonly kind: 'arrowFiles'; readonly paths: readonly string[] }

export interface RunOptions {
  /** Cancels the query; what it holds is given back within a second. */
  readonly signal?: AbortSignal
  /** What calls may cost, in dollars or in number: the query stops before it would exceed that. */
  readonly budget?: { readonly dollars?: number; readonly calls?: number }
}

export interface WriteRunOptions extends RunOptions {
  /** A name by which the run is recorded: each result is kept as soon as it is there, until the run is done. */
  readonly run?: string
  /** Goes on with the last run of the name: only what it did not get is called. */
  readonly resume?: boolean
}

/** What carries out the plans that a DataFrame builds; a session is one. */
export interface PlanRunner {
  run<Row>(plan: LogicalPlan, options: RunOptions): Promise<QueryResult<Row>>
  /** Runs to the end and keeps the rows, so that they can be read several times. */
  collect<Row>(plan: LogicalPlan, options: RunOptions): Promise<QueryResult<Row>>
  /** Answers the number of rows that were written. */
  write(plan: LogicalPlan, request: WriteRequest, options: WriteRunOptions): Promise<number>
  explain(plan: LogicalPlan, options: { readonly analyze: boolean }): Promise<string>
  /** The columns of a plan, without running it. */
  describe(plan: LogicalPlan): Promise<Schema>
  /** The plan of one SELECT statement. */
  planSql(text: string, parameters: SqlParameters): Promise<LogicalPlan>
  /** An expression of SQL text, in which names are columns and functions may be those of the catalog. */
  parseExpression(text: string): Promise<Expr>
  /** The same content has the same source, which may be dropped once nobody holds the content. */
  memorySource(content: MemoryContent): Promise<MemorySource>
}

/** Values of a statement's parameters: by position, or by name. */
export type SqlParameters = readonly LiteralValue[] | Readonly<Record<string, LiteralValue>>

/** Gives the runner when it is first needed: nothing is opened while plans are built. */
export type RunnerProvider = () => Promise<PlanRunner>
