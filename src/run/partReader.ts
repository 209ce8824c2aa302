import type { BatchStream } from '../arrow/batchStream.ts'
import type { Batch } from '../arrow/column.ts'
import { Changes } from '../base/changes.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { AuxiliaryEngine, AuxiliaryEngines } from './auxiliaryEngines.ts'
import type { PartUse } from './parts.ts'
import type { QueryRun } from './queryRun.ts'

/** The statement that computes one part. */
export interface PartStatement {
  readonly sql: string
  readonly batchRows: number
  readonly fused: readonly string[]
}

export interface PartReaderOptions {
  readonly auxiliaries: AuxiliaryEngines
  readonly engines: number
  readonly query: QueryRun
  readonly use: PartUse
}

interface Part {
  readonly batches: Batch[]
  ended: boolean
}

/**
 * Threads of DuckDB in each engine. While one waits for the function's thread another works on, which is worth it where nothing
 * else, such as writing, keeps the cores busy.
 */
const threadsOf: Readonly<Record<PartUse, number>> = { streamed: 1, written: 1, combined: 2 }

/** Batches that an engine may be ahead in a part that is not yet being read. */
const MAX_WAITING_BATCHES = 16

/** Computes parts in several engines at a time and gives their rows in the order of the parts. */
export class PartReader implements BatchStream {
  #schema: Schema | null = null
  readonly #statements: readonly PartStatement[]
  readonly #options: PartReaderOptions
  readonly #parts: readonly Part[]
  readonly #changes = new Changes()
  readonly #lanes: Promise<void>
  #next = 0
  #reading = 0
  #failure: { readonly error: unknown } | null = null
  #closed = false

  private constructor(statements: readonly PartStatement[], options: PartReaderOptions) {
    this.#statements = statements
    this.#options = options
    this.#parts = statements.map(() => ({ batches: [], ended: false }))
    const lanes = Math.min(options.engines, statements.length)
    this.#lanes = Promise.all(Array.from({ length: lanes }, () => this.#runLane())).then(() => undefined)
  }

  /** Resolves when the first part has begun, so that the columns are known. */
  static async open(statements: readonly PartStatement[], options: PartReaderOptions): Promise<PartReader> {
    const reader = new PartReader(statements, options)
    await reader.#changes.until(() => reader.#schema !== null || reader.#failure !== null)
    if (reader.#failure === null) return reader
    await reader.close()
    throw reader.#failure.error
  }

  get schema(): Schema {
    if (this.#schema === null) throw new EngineError('INTERNAL', 'parts were read before the first began')
    return this.#schema
  }

  async next(): Promise<Batch | null> {
    for (;;) {
      const part = this.#parts[this.#reading]
      if (part === undefined) return null
      const batch = part.batches.shift()
      if (batch !== undefined) {
        this.#changes.notify()
        return batch
      }
      if (this.#failure !== null) throw this.#failure.error
      if (part.ended) {
        this.#reading++
        this.#changes.notify()
      } else await this.#changes.next()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#changes.notify()
    await this.#lanes
  }

  /** Takes one part after the other, until none is left; never rejects. */
  async #runLane(): Promise<void> {
    try {
      const { auxiliaries, query, use } = this.#options
      const auxiliary = await auxiliaries.lease(threadsOf[use], query)
      try {
        while (this.#next < this.#parts.length && !this.#isOver())
          await this.#runPart(this.#next++, auxiliary)
      } finally {
        await this.#options.auxiliaries.release(auxiliary)
      }
    } catch (error) {
      this.#failure ??= { error }
    }
    this.#changes.notify()
  }

  async #runPart(index: number, { engine, connection }: AuxiliaryEngine): Promise<void> {
    const part = this.#parts[index]!
    const statement = { connection, ...this.#statements[index]!, inputs: [] }
    const stream = await engine.start(statement, this.#options.query)
    try {
      this.#schema ??= stream.schema
      this.#changes.notify()
      for (let batch = await stream.next(); batch !== null && !this.#isOver(); batch = await stream.next()) {
        part.batches.push(batch)
        this.#changes.notify()
        await this.#changes.until(() => part.batches.length < MAX_WAITING_BATCHES || this.#isOver())
      }
      part.ended = !this.#isOver()
      this.#changes.notify()
    } finally {
      await stream.close()
    }
  }

  #isOver(): boolean {
    return this.#closed || this.#failure !== null
  }
}
