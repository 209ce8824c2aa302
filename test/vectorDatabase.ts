import duckdb, { type Connection, type DataChunk, type Result } from '@duckdb/node-bindings'
import type { Batch, ColumnData } from '../src/arrow/column.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import type { DataType, Schema } from '../src/base/dataType.ts'
import { BatchBuilder } from '../src/duckdb/codec/batchBuilder.ts'
import { dataTypeOf, logicalType } from '../src/duckdb/codec/logicalType.ts'
import { readVector } from '../src/duckdb/codec/readVector.ts'
import { writeVector } from '../src/duckdb/codec/writeVector.ts'

const vectorRows = 2048

/** A DuckDB in this thread, to read and write vectors by hand. */
export class VectorDatabase {
  readonly #connection: Connection
  readonly #writer: Connection
  #functions = 0

  private constructor(connection: Connection, writer: Connection) {
    this.#connection = connection
    this.#writer = writer
  }

  static async open(): Promise<VectorDatabase> {
    const database = await duckdb.open(':memory:')
    return new VectorDatabase(await duckdb.connect(database), await duckdb.connect(database))
  }

  async run(sql: string): Promise<void> {
    await duckdb.query(this.#connection, sql)
  }

  /** The chunks of a result, and its columns. */
  async chunks(sql: string): Promise<{ readonly schema: Schema; readonly chunks: readonly DataChunk[] }> {
    const result = await duckdb.query(this.#connection, sql)
    const chunks: DataChunk[] = []
    for (;;) {
      const chunk: DataChunk | null = await duckdb.fetch_chunk(result)
      if (chunk === null || duckdb.data_chunk_get_size(chunk) === 0)
        return { schema: schemaOf(result), chunks }
      chunks.push(chunk)
    }
  }

  /** A result in batches of `rows` rows. */
  async batches(
    sql: string,
    rows: number,
  ): Promise<{ readonly schema: Schema; readonly batches: readonly Batch[] }> {
    const { schema, chunks } = await this.chunks(sql)
    return { schema, batches: cut(schema, chunks, () => rows) }
  }

  /** The values of a result's first row. */
  async row(sql: string): Promise<readonly unknown[]> {
    const { schema, batches } = await this.batches(sql, 1)
    return schema.map(({ type }, index) => decodeColumn(type, batches[0]!.columns[index]!)[0])
  }

  /** Appends batches to a table. */
  append(table: string, schema: Schema, batches: readonly Batch[]): void {
    const appender = duckdb.appender_create(this.#writer, null, table)
    const chunk = newChunk(schema.map(({ type }) => type))
    for (const batch of batches) {
      for (let from = 0; from < batch.length; from += vectorRows) {
        const rows = Math.min(vectorRows, batch.length - from)
        duckdb.data_chunk_reset(chunk)
        schema.forEach(({ type }, index) => {
          writeVector(duckdb.data_chunk_get_vector(chunk, index), type, batch.columns[index]!, from, rows)
        })
        duckdb.data_chunk_set_size(chunk, rows)
        duckdb.append_data_chunk(appender, chunk)
      }
    }
    duckdb.appender_close_sync(appender)
  }

  /** Registers a function that reads its argument and writes it back; answers its name. */
  registerIdentity(type: DataType, each: (column: ColumnData) => ColumnData = (column) => column): string {
    const name = `identity_${this.#functions++}`
    const fn = duckdb.create_scalar_function()
    duckdb.scalar_function_set_name(fn, name)
    duckdb.scalar_function_add_parameter(fn, logicalType(type))
    duckdb.scalar_function_set_return_type(fn, logicalType(type))
    duckdb.scalar_function_set_special_handling(fn)
    duckdb.scalar_function_set_function(fn, (info, input, output) => {
      try {
        const rows = duckdb.data_chunk_get_size(input)
        writeVector(
          output,
          type,
          each(readVector(duckdb.data_chunk_get_vector(input, 0), type, rows)),
          0,
          rows,
        )
      } catch (error) {
        duckdb.scalar_function_set_error(info, String(error))
      }
    })
    duckdb.register_scalar_function(this.#connection, fn)
    return name
  }
}

export function newChunk(types: readonly DataType[]): DataChunk {
  return duckdb.create_data_chunk(types.map(logicalType))
}

/** The rows of chunks in batches; `rowsOf` says how many rows the next one gets. */
export function cut(schema: Schema, chunks: readonly DataChunk[], rowsOf: () => number): readonly Batch[] {
  const builder = new BatchBuilder(
    schema.map(({ type }) => type),
    rowsOf(),
  )
  const batches: Batch[] = []
  let most = rowsOf()
  for (const chunk of chunks) {
    const length = duckdb.data_chunk_get_size(chunk)
    for (let from = 0; from < length; ) {
      const to = Math.min(length, from + most - builder.rows)
      builder.append(chunk, from, to)
      from = to
      if (builder.rows === most) {
        batches.push(builder.take())
        most = rowsOf()
      }
    }
  }
  if (builder.rows > 0) batches.push(builder.take())
  return batches
}

function schemaOf(result: Result): Schema {
  return Array.from({ length: duckdb.column_count(result) }, (_, index) => ({
    name: duckdb.column_name(result, index),
    type: dataTypeOf(duckdb.column_logical_type(result, index)),
  }))
}
