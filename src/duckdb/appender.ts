import duckdb, {
  type Appender,
  type Connection,
  type Database,
  type LogicalType,
} from '@duckdb/node-bindings'
import type { Batch } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'
import { logicalType } from './codec/logicalType.ts'
import { writeVector } from './codec/writeVector.ts'

const VECTOR_ROWS = duckdb.vector_size()

/**
 * The catalog in which a session keeps the rows of one stream; all connections see it, and since it is made for one table, so do
 * transactions that have begun before.
 */
export function scratchCatalog(table: string): string {
  return `callplane_${table}`
}

/** Fills one scratch table, on a connection of its own because an appender flushes itself now and then. */
export class TableAppender {
  readonly #connection: Connection
  readonly #appender: Appender
  readonly #schema: Schema
  readonly #types: readonly LogicalType[]
  #rows = 0

  private constructor(connection: Connection, appender: Appender, schema: Schema) {
    this.#connection = connection
    this.#appender = appender
    this.#schema = schema
    this.#types = schema.map(({ type }) => logicalType(type))
  }

  /** The table must exist and have the columns of the schema. */
  static async open(database: Database, table: string, schema: Schema): Promise<TableAppender> {
    const connection = await duckdb.connect(database)
    return new TableAppender(
      connection,
      duckdb.appender_create_ext(connection, scratchCatalog(table), 'main', table),
      schema,
    )
  }

  append(batch: Batch): void {
    for (let from = 0; from < batch.length; from += VECTOR_ROWS) {
      const rows = Math.min(VECTOR_ROWS, batch.length - from)
      const chunk = duckdb.create_data_chunk(this.#types)
      this.#schema.forEach(({ type }, index) => {
        writeVector(duckdb.data_chunk_get_vector(chunk, index), type, batch.columns[index]!, from, rows)
      })
      duckdb.data_chunk_set_size(chunk, rows)
      duckdb.append_data_chunk(this.#appender, chunk)
    }
    this.#rows += batch.length
  }

  /** Rows appended in all. */
  close(): number {
    duckdb.appender_close_sync(this.#appender)
    duckdb.disconnect_sync(this.#connection)
    return this.#rows
  }
}
