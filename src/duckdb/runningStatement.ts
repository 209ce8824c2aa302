import type { BatchStream } from '../arrow/batchStream.ts'
import type { Batch } from '../arrow/column.ts'
import { Changes } from '../base/changes.ts'
import type { Schema } from '../base/dataType.ts'
import { decodeError, EngineError } from '../base/errors.ts'
import type { Answers, CallCount, StatementKind, StreamEvent } from './protocol.ts'

type Steer = (
  steering: { readonly kind: 'credit'; readonly batches: number } | { readonly kind: 'stop' },
) => void

/** The rows of a statement that an engine thread runs, in the thread that asked for them. */
export class RunningStatement implements BatchStream {
  readonly #steer: Steer
  readonly #onEnd: (calls: readonly CallCount[]) => void
  readonly #batches: Batch[] = []
  #answer: Answers['start'] | null = null
  #rows = 0
  #ended: { readonly rows: number; readonly calls: readonly CallCount[] } | null = null
  #error: EngineError | null = null
  readonly #changes = new Changes()

  constructor(steer: Steer, onEnd: (calls: readonly CallCount[]) => void) {
    this.#steer = steer
    this.#onEnd = onEnd
  }

  get schema(): Schema {
    return this.#started().schema
  }

  get answers(): StatementKind {
    return this.#started().answers
  }

  /** Called once, when the statement has begun. */
  begin(answer: Answers['start']): void {
    this.#answer = answer
  }

  async next(): Promise<Batch | null> {
    while (this.#batches.length === 0) {
      if (this.#error !== null) throw this.#error
      if (this.#ended !== null) return this.#checkedEnd(this.#ended.rows)
      await this.#changes.next()
    }
    const batch = this.#batches.shift()!
    this.#rows += batch.length
    this.#steer({ kind: 'credit', batches: 1 })
    return batch
  }

  async close(): Promise<void> {
    if (this.#ended === null && this.#error === null) {
      this.#steer({ kind: 'stop' })
      // The connection is free only when the thread has confirmed the end.
      await this.ended()
    }
    this.#batches.length = 0
  }

  /** Resolves when the thread has nothing more to do for it. */
  async ended(): Promise<void> {
    await this.#changes.until(() => this.#ended !== null || this.#error !== null)
  }

  receive(event: StreamEvent): void {
    if (this.#error !== null) return
    if ('batch' in event) this.#batches.push(event.batch)
    else if ('end' in event) {
      this.#ended = event.end
      this.#onEnd(event.end.calls)
    } else this.fail(decodeError(event.error))
    this.#changes.notify()
  }

  fail(error: EngineError): void {
    if (this.#error !== null || this.#ended !== null) return
    this.#error = error
    this.#onEnd([])
    this.#changes.notify()
  }

  #started(): Answers['start'] {
    if (this.#answer === null) throw new EngineError('INTERNAL', 'a statement was read before it began')
    return this.#answer
  }

  #checkedEnd(rows: number): null {
    if (rows !== this.#rows)
      throw new EngineError('ROWS_LOST', `${this.#rows} of ${rows} rows arrived from the engine`)
    return null
  }
}
