import type { BatchStream } from '../arrow/batchStream.ts'
import type { Batch } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { Engine, Statement } from '../duckdb/engine.ts'
import type { InputFeed } from '../duckdb/inputFeed.ts'
import type { InputSpec } from '../duckdb/protocol.ts'
import type { QueryRun } from './queryRun.ts'

/** A stream that a statement reads as a relation. */
export interface OpenInput {
  readonly relation: string
  readonly stream: BatchStream
}

/**
 * A statement that reads streams of this thread while it runs. Each stream is read only once the statement has begun to, and
 * no further ahead than a few batches; all are closed with it.
 */
export class FedStatement implements BatchStream {
  readonly #running: BatchStream
  readonly #inputs: readonly OpenInput[]
  readonly #feeds: readonly InputFeed[]
  readonly #pumps: Promise<void>

  private constructor(
    running: BatchStream,
    inputs: readonly OpenInput[],
    feeds: readonly InputFeed[],
    pumps: Promise<void>,
  ) {
    this.#running = running
    this.#inputs = inputs
    this.#feeds = feeds
    this.#pumps = pumps
  }

  /** If the statement does not bind, none of the inputs has been read, and they stay open. */
  static async start(
    engine: Engine,
    statement: Omit<Statement, 'inputs'>,
    inputs: readonly OpenInput[],
    query: QueryRun,
  ): Promise<FedStatement> {
    const specs: InputSpec[] = []
    const feeds: InputFeed[] = []
    for (const { relation, stream } of inputs) {
      const { spec, feed } = engine.input(relation, stream.schema)
      specs.push(spec)
      feeds.push(feed)
    }
    const pumps = Promise.all(inputs.map(({ stream }, index) => pump(stream, feeds[index]!))).then(
      () => undefined,
    )
    try {
      const running = await engine.start({ ...statement, inputs: specs }, query)
      return new FedStatement(running, inputs, feeds, pumps)
    } catch (error) {
      for (const feed of feeds) feed.close()
      await pumps
      throw error
    }
  }

  get schema(): Schema {
    return this.#running.schema
  }

  async next(): Promise<Batch | null> {
    return this.#running.next()
  }

  async close(): Promise<void> {
    for (const feed of this.#feeds)
      feed.fail(new EngineError('CANCELLED', 'the reader stopped before the end of the result'))
    await this.#running.close()
    for (const feed of this.#feeds) feed.close()
    await Promise.all(this.#inputs.map(({ stream }) => stream.close()))
    await this.#pumps
  }
}

/** Never rejects: what goes wrong fails the statement, which tells its reader. */
async function pump(stream: BatchStream, feed: InputFeed): Promise<void> {
  try {
    if (!(await feed.begun())) return
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      if (!(await feed.write(batch))) return
    }
    feed.end()
  } catch (error) {
    feed.fail(error)
  }
}
