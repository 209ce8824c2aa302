import { type Binder, type FunctionRow, functionsQuery } from '../../sql/binder.ts'
import { toRows } from '../arrow/rows.ts'
import type { Schema } from '../base/dataType.ts'
import { parseType } from '../base/parseType.ts'
import type { Engine } from '../duckdb/engine.ts'
import { runToEnd } from '../duckdb/runToEnd.ts'
import { quoteLiteral } from '../expr/render.ts'
import type { SessionConnections } from '../run/connections.ts'
import { QueryRun } from '../run/queryRun.ts'
import { estimatedCardinality } from './estimateRows.ts'
import { RecentTexts } from './recentTexts.ts'

/** Texts whose trees are kept, and trees whose texts are. */
const RECENT_TEXTS = 500

/** What front ends and planner ask DuckDB about a text without running it. */
export class EngineBinder implements Binder {
  readonly #engine: Engine
  readonly #connections: SessionConnections
  readonly #trees = new RecentTexts<string>(RECENT_TEXTS)
  readonly #texts = new RecentTexts<readonly string[]>(RECENT_TEXTS)
  #functions: Promise<readonly FunctionRow[]> | null = null

  constructor(engine: Engine, connections: SessionConnections) {
    this.#engine = engine
    this.#connections = connections
  }

  async serialize(select: string): Promise<string> {
    return this.#trees.get(select, async () => {
      const [row] = await this.#rows(`SELECT json_serialize_sql(${quoteLiteral(select)}) AS tree`)
      return String(row?.['tree'])
    })
  }

  async deserialize(trees: readonly string[]): Promise<readonly string[]> {
    if (trees.length === 0) return []
    return this.#texts.get(JSON.stringify(trees), async () => {
      const columns = trees.map(
        (tree, index) => `json_deserialize_sql(${quoteLiteral(tree)}) AS text_${index}`,
      )
      const [row] = await this.#rows(`SELECT ${columns.join(', ')}`)
      return Object.values(row ?? {}).map(String)
    })
  }

  async describe(sql: string): Promise<Schema> {
    // Preparing the query would fold calls with constant arguments, which means to make them.
    const rows = await this.#rows(`DESCRIBE ${sql}`)
    return rows.map((row) => ({
      name: String(row['column_name']),
      type: parseType(String(row['column_type'])),
    }))
  }

  /** How many rows DuckDB expects of a query that calls nothing; null where it does not say. */
  async estimateRows(sql: string): Promise<number | null> {
    const [row] = await this.#rows(`EXPLAIN (FORMAT json) ${sql}`)
    return estimatedCardinality(String(row?.['explain_value']))
  }

  /** Null where the rows cannot be counted, for whatever reason: running the query will tell. */
  async countRows(sql: string): Promise<number | null> {
    try {
      const [row] = await this.#rows(`SELECT count(*) AS rows FROM (${sql}) AS counted`)
      return Number(row?.['rows'])
    } catch {
      return null
    }
  }

  async countStatements(text: string): Promise<number> {
    return this.#engine.countStatements(text)
  }

  async functions(): Promise<readonly FunctionRow[]> {
    this.#functions ??= this.#rows(functionsQuery).then((rows) => rows as unknown as FunctionRow[])
    return this.#functions
  }

  /** To be called after a statement that may have made or dropped a macro, or set how text is parsed. */
  forgetFunctions(): void {
    this.#functions = null
    this.#trees.clear()
    this.#texts.clear()
  }

  async #rows(sql: string): Promise<Record<string, unknown>[]> {
    return this.#connected(async (connection) => {
      const { schema, batches } = await runToEnd(this.#engine, connection, sql)
      return batches.flatMap((batch) => toRows(schema, batch))
    })
  }

  async #connected<T>(work: (connection: number) => Promise<T>): Promise<T> {
    const lease = await this.#connections.leaseForResult(new QueryRun())
    try {
      return await work(lease.connection)
    } finally {
      lease.release()
    }
  }
}
