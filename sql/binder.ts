import type { Schema } from '../src/base/dataType.ts'

/** A function of DuckDB that the planner must know about; {@link functionsQuery} lists them. */
export interface FunctionRow {
  readonly name: string
  readonly schema: string
  readonly kind: 'aggregate' | 'macro' | 'scalar'
  /** Whether two calls with equal arguments may differ within a query. */
  readonly volatile: boolean
  /** What a macro stands for; null for others. */
  readonly definition: string | null
}

/** What the planner asks of DuckDB. Nothing here runs a query of the user, calls a function of the catalog or changes a table. */
export interface Binder {
  /** What `json_serialize_sql` answers for a text of one or more SELECT statements, errors included. */
  serialize(select: string): Promise<string>
  /** What `json_deserialize_sql` makes of each tree; one call for many. Throws if it cannot write one. */
  deserialize(trees: readonly string[]): Promise<readonly string[]>
  /** The columns of a query, which is bound but neither optimized nor run (`DESCRIBE`); throws SQL_INVALID with DuckDB's message. */
  describe(sql: string): Promise<Schema>
  /** How many statements DuckDB's own `extract_statements` finds in a text that holds at least one. */
  countStatements(text: string): Promise<number>
  /** Rows of {@link functionsQuery}. The same array while no macro was made or dropped, for it takes DuckDB 10 ms. */
  functions(): Promise<readonly FunctionRow[]>
}

/** Columns `name`, `schema`, `kind`, `volatile` and `definition` as in {@link FunctionRow}. */
export const functionsQuery: string = `
SELECT DISTINCT lower(function_name) AS name, lower(schema_name) AS schema, function_type AS kind,
       coalesce(stability = 'VOLATILE', false) AS volatile, macro_definition AS definition
FROM duckdb_functions()
WHERE function_type IN ('aggregate', 'macro') OR (function_type = 'scalar' AND stability = 'VOLATILE')`
