import type { BatchStream } from '../arrow/batchStream.ts'
import type { Batch } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'

/** A stream together with what has to be given back when it is closed. */
export class OwnedStream implements BatchStream {
  readonly #stream: BatchStream
  readonly #release: () => Promise<void>
  #closed: Promise<void> | null = null

  constructor(stream: BatchStream, release: () => Promise<void>) {
    this.#stream = stream
    this.#release = release
  }

  get schema(): Schema {
    return this.#stream.schema
  }

  async next(): Promise<Batch | null> {
    return this.#stream.next()
  }

  async close(): Promise<void> {
    this.#closed ??= this.#closeBoth()
    await this.#closed
  }

  async #closeBoth(): Promise<void> {
    try {
      await this.#stream.close()
    } finally {
      await this.#release()
    }
  }
}
