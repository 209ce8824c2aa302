import type { BatchStream } from '../arrow/batchStream.ts'
import type { Batch } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'
import type { QueryRun } from './queryRun.ts'

/** The rows of a query, which ends when they are closed. */
export class QueryStream implements BatchStream {
  readonly #stream: BatchStream
  readonly #query: QueryRun
  #failure: unknown = null
  #closed: Promise<void> | null = null

  constructor(stream: BatchStream, query: QueryRun) {
    this.#stream = stream
    this.#query = query
  }

  get schema(): Schema {
    return this.#stream.schema
  }

  async next(): Promise<Batch | null> {
    try {
      return await this.#stream.next()
    } catch (error) {
      this.#failure ??= error
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close()
    await this.#closed
  }

  async #close(): Promise<void> {
    try {
      await this.#stream.close()
    } finally {
      await this.#query.end(this.#failure)
    }
  }
}
