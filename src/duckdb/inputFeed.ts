import type { MessagePort } from 'node:worker_threads'
import type { Batch } from '../arrow/column.ts'
import { transferables } from '../arrow/column.ts'
import { Changes } from '../base/changes.ts'
import { encodeError } from '../base/errors.ts'
import type { InputMessage, InputReply } from './protocol.ts'

/** Rows on their way into a statement, no more batches ahead of its reading than the limit. */
export class InputFeed {
  readonly #port: MessagePort
  readonly #wake: () => void
  readonly #limit: number
  #unread = 0
  #begun = false
  #rows = 0
  #closed = false
  readonly #changes = new Changes()

  constructor(port: MessagePort, wake: () => void, limit = 4) {
    this.#port = port
    this.#wake = wake
    this.#limit = limit
    port.on('message', (reply: InputReply) => {
      if (reply === 'begin') this.#begun = true
      else this.#unread--
      this.#changes.notify()
    })
    port.on('close', () => {
      this.#closed = true
      this.#changes.notify()
    })
  }

  /** Resolves when a statement begins to read, false if none ever will. */
  async begun(): Promise<boolean> {
    await this.#changes.until(() => this.#begun || this.#closed)
    return this.#begun
  }

  /** Hands a batch over, buffers and all; resolves when there is room for another. False if nobody reads any more. */
  async write(batch: Batch): Promise<boolean> {
    if (this.#closed) return false
    this.#unread++
    this.#rows += batch.length
    this.#post({ batch }, transferables(batch.columns))
    await this.#changes.until(() => this.#unread < this.#limit || this.#closed)
    return !this.#closed
  }

  /** Ends the relation; its reader checks the count. */
  end(): void {
    this.#post({ end: this.#rows })
  }

  /** Makes the statement fail with this error. */
  fail(error: unknown): void {
    this.#post({ error: encodeError(error) })
  }

  close(): void {
    this.#port.close()
  }

  #post(message: InputMessage, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer)
    this.#wake()
  }
}
