import type { BatchStream } from '../arrow/batchStream.ts'
import { EngineError } from '../base/errors.ts'
import { formatType } from '../base/formatType.ts'
import { scratchCatalog } from '../duckdb/appender.ts'
import type { Engine } from '../duckdb/engine.ts'
import { runToEnd } from '../duckdb/runToEnd.ts'
import { Turns } from '../duckdb/turns.ts'
import { quoteIdentifier } from '../expr/render.ts'

/** Tables that hold the rows of streams for statements which read the session's own tables too. DuckDB spills them to disk. */
export class ScratchTables {
  readonly #engine: Engine
  #connection: Promise<number> | null = null
  /** A statement would end the one before it on their connection. */
  readonly #turns = new Turns()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** The name under which any connection of the session reads a table. */
  static qualifiedName(table: string): string {
    return `${quoteIdentifier(scratchCatalog(table))}.main.${quoteIdentifier(table)}`
  }

  /** Fills a new table with the rows of a stream, which is closed; answers the number of rows. */
  async fill(table: string, stream: BatchStream): Promise<number> {
    const columns = stream.schema.map(({ name, type }) => `${quoteIdentifier(name)} ${formatType(type)}`)
    try {
      await this.#run(`ATTACH ':memory:' AS ${quoteIdentifier(scratchCatalog(table))}`)
      await this.#run(`CREATE TABLE ${ScratchTables.qualifiedName(table)} (${columns.join(', ')})`)
      let rows = 0
      for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
        rows += batch.length
        await this.#engine.append(table, stream.schema, batch)
      }
      const appended = await this.#engine.closeAppender(table)
      if (rows > 0 && appended !== rows)
        throw new EngineError('ROWS_LOST', `${appended} of ${rows} rows reached a scratch table`)
      return rows
    } finally {
      await stream.close()
    }
  }

  async drop(table: string): Promise<void> {
    await this.#run(`DETACH DATABASE IF EXISTS ${quoteIdentifier(scratchCatalog(table))}`)
  }

  async #run(sql: string): Promise<void> {
    this.#connection ??= this.#engine.connect()
    const connection = await this.#connection
    await this.#turns.take(async () => runToEnd(this.#engine, connection, sql))
  }
}
