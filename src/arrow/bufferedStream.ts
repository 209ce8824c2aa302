import type { Schema } from '../base/dataType.ts'
import type { BatchStream } from './batchStream.ts'
import type { Batch } from './column.ts'

/** Batches that are there already. */
export class BufferedStream implements BatchStream {
  readonly schema: Schema
  readonly #batches: readonly Batch[]
  #next = 0

  constructor(schema: Schema, batches: readonly Batch[]) {
    this.schema = schema
    this.#batches = batches
  }

  async next(): Promise<Batch | null> {
    return this.#batches[this.#next++] ?? null
  }

  async close(): Promise<void> {
    this.#next = this.#batches.length
  }
}
