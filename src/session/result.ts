import type { Schema as ArrowSchema, RecordBatch, Table } from 'apache-arrow'
import { toArrowSchema } from '../arrow/arrowSchema.ts'
import type { BatchStream } from '../arrow/batchStream.ts'
import type { Batch } from '../arrow/column.ts'
import { toRows } from '../arrow/rows.ts'
import { toArrowTable, toRecordBatch } from '../arrow/toArrow.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { RunProfile } from '../run/profile/runProfile.ts'
import type { CallProfile, QueryRun } from '../run/queryRun.ts'
import { QueryStream } from '../run/queryStream.ts'

/**
 * The rows of a query, as Arrow record batches or all at once. Rows are computed while they are read, once; a result that is not
 * read to its end must be closed, as `await using` does. A collected result holds its rows and can be read many times.
 */
export class Result<Row = Record<string, unknown>> implements AsyncIterable<RecordBatch> {
  /** The columns in DuckDB's types. */
  readonly columns: Schema
  readonly #rows: BatchStream | readonly Batch[]
  readonly #query: QueryRun
  #isRead = false

  /** @internal */
  constructor(rows: BatchStream | readonly Batch[], query: QueryRun, columns: Schema) {
    this.#rows = rows
    this.#query = query
    this.columns = columns
  }

  /** The columns as an Arrow schema. */
  get schema(): ArrowSchema {
    return toArrowSchema(this.columns)
  }

  /** Everything that was measured around calls so far; complete when the result has been read. */
  get profile(): RunProfile {
    return this.#query.profile
  }

  /** Whether the rows are held, so that they can be read again. */
  get isCollected(): boolean {
    return !('next' in this.#rows)
  }

  /** Rows that failed for good, at calls that did not fail the query with them. */
  get failedRows(): number {
    return this.#query.failedRows
  }

  /** The run to which the rows that failed were written as dead letters; null if none were. */
  get deadLetterRun(): string | null {
    return this.#query.deadLetters?.run ?? null
  }

  /** What each catalog function was called for so far; complete when the result has been read. */
  get calls(): readonly CallProfile[] {
    return this.#query.calls
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    for await (const batch of this.batches()) yield toRecordBatch(this.columns, batch)
  }

  /** An object a row; DATE and TIMESTAMP as JavaScript dates, 64-bit integers as bigint. */
  async toRows(): Promise<Row[]> {
    const rows: object[] = []
    for await (const batch of this.batches()) {
      for (const row of toRows(this.columns, batch)) rows.push(row)
    }
    return rows as Row[]
  }

  async toArrow(): Promise<Table> {
    const batches: Batch[] = []
    for await (const batch of this.batches()) batches.push(batch)
    return toArrowTable(this.columns, batches)
  }

  /** Reads to the end and answers the number of rows. */
  async drain(): Promise<number> {
    let rows = 0
    for await (const batch of this.batches()) rows += batch.length
    return rows
  }

  /** Ends the query; safe to call twice, and after the end. */
  async close(): Promise<void> {
    if (!('next' in this.#rows)) return
    this.#isRead = true
    await this.#rows.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Batches in Callplane's own layout. @internal */
  async *batches(): AsyncGenerator<Batch, void, undefined> {
    if (!('next' in this.#rows)) return yield* this.#rows
    if (this.#isRead) {
      throw new EngineError('PLAN_INVALID', 'a result can be read once', {
        hint: 'run the query again, or keep what toRows(), toArrow() or collect() gave',
      })
    }
    this.#isRead = true
    try {
      for (let batch = await this.#rows.next(); batch !== null; batch = await this.#rows.next()) yield batch
    } finally {
      await this.#rows.close()
    }
  }
}

/** The result of a query whose rows come from a stream; `names` are the names of its columns if they are others. */
export function streamed(
  stream: BatchStream,
  query: QueryRun,
  names: readonly string[] | null = null,
): Result {
  const columns = stream.schema.map(({ name, type }, index) => ({ name: names?.[index] ?? name, type }))
  return new Result(new QueryStream(stream, query), query, columns)
}

/** The same with its rows read and kept. */
export async function collected(result: Result, query: QueryRun): Promise<Result> {
  const batches: Batch[] = []
  for await (const batch of result.batches()) batches.push(batch)
  return new Result(batches, query, result.columns)
}
