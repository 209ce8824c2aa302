import duckdb, { type DataChunk, type Result } from '@duckdb/node-bindings'
import type { Batch } from '../arrow/column.ts'
import { transferables } from '../arrow/column.ts'
import { Changes } from '../base/changes.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError, encodeError } from '../base/errors.ts'
import { BatchBuilder } from './codec/batchBuilder.ts'
import { dataTypeOf } from './codec/logicalType.ts'
import type { EngineConnection } from './connection.ts'
import { fromDuckDBError } from './duckdbError.ts'
import type { StartStatement, StatementKind, StreamEvent } from './protocol.ts'
import type { Turns } from './turns.ts'

export type Send = (event: StreamEvent, transfer: ArrayBuffer[]) => void

/** A result, the connection that it streams on, and those with whom it takes turns; null for none. */
export interface StreamSource {
  readonly result: Result
  readonly connection: EngineConnection
  readonly turns: Turns | null
}

/** Sends the rows of one result, no more batches ahead of the reader than it has given credits for. */
export class StatementStream {
  readonly schema: Schema
  readonly answers: StatementKind
  readonly #result: Result
  readonly #turns: Turns | null
  readonly #connection: EngineConnection
  readonly #statement: number
  readonly #batchRows: number
  #credits: number
  #stopped = false
  readonly #changes = new Changes()

  constructor(
    { result, connection, turns }: StreamSource,
    { batchRows, credits }: Pick<StartStatement, 'batchRows' | 'credits'>,
  ) {
    this.#result = result
    this.#turns = turns
    this.#connection = connection
    this.#statement = connection.statements
    this.#batchRows = batchRows
    this.#credits = credits
    this.schema = resultSchema(result)
    this.answers = statementKind(result)
  }

  credit(batches: number): void {
    this.#credits += batches
    this.#changes.notify()
  }

  stop(): void {
    this.#stopped = true
    this.#changes.notify()
  }

  async send(send: Send): Promise<void> {
    try {
      const rows = await this.#sendRows((batch) => send({ batch }, transferables(batch.columns)))
      send({ end: { rows, calls: this.#connection.calls } }, [])
    } catch (error) {
      send({ error: encodeError(this.#connection.failure ?? fromDuckDBError(error)) }, [])
    }
  }

  async #sendRows(send: (batch: Batch) => void): Promise<number> {
    const builder = new BatchBuilder(
      this.schema.map(({ type }) => type),
      this.#batchRows,
    )
    let rows = 0
    const take = async (): Promise<void> => {
      await this.#changes.until(() => this.#credits > 0 || this.#stopped)
      if (this.#stopped) return
      this.#credits--
      send(builder.take())
    }
    while (!this.#stopped) {
      const chunk = await (this.#turns === null ? this.#fetch() : this.#turns.take(() => this.#fetch()))
      const length = chunk === null ? 0 : duckdb.data_chunk_get_size(chunk)
      if (chunk === null || length === 0) break
      for (let from = 0; from < length && !this.#stopped; ) {
        const to = Math.min(length, from + this.#batchRows - builder.rows)
        builder.append(chunk, from, to)
        from = to
        if (builder.rows === this.#batchRows) await take()
      }
      rows += length
    }
    if (this.#stopped) throw new EngineError('CANCELLED', 'the reader stopped before the end of the result')
    if (builder.rows > 0) await take()
    this.#checkComplete(rows)
    return rows
  }

  async #fetch(): Promise<DataChunk | null> {
    return this.#stopped ? null : duckdb.fetch_chunk(this.#result)
  }

  // DuckDB ends a streaming result when another statement starts on its connection, and reports it as the end of the rows.
  #checkComplete(rows: number): void {
    if (this.#connection.statements === this.#statement) return
    throw new EngineError(
      'ROWS_LOST',
      `the result ended after ${rows} rows because another statement started on its connection`,
    )
  }
}

export function resultSchema(result: Result): Schema {
  return Array.from({ length: duckdb.column_count(result) }, (_, index) => ({
    name: duckdb.column_name(result, index),
    type: dataTypeOf(duckdb.column_logical_type(result, index)),
  }))
}

function statementKind(result: Result): StatementKind {
  switch (duckdb.result_return_type(result)) {
    case duckdb.ResultType.QUERY_RESULT:
      return 'rows'
    case duckdb.ResultType.CHANGED_ROWS:
      return 'changes'
    default:
      return 'nothing'
  }
}
