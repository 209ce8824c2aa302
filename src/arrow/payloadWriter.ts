import type { Schema } from '../base/dataType.ts'
import type { Batch } from './column.ts'
import { IpcWriter } from './ipcWriter.ts'
import { plainColumn, plainSchema } from './plainColumns.ts'

/** A continuation without a message. */
const END = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
/** apache-arrow remembers where each batch lies, for the end of a file that is never written. */
const BATCHES_MAX = 1000

const writers = new WeakMap<Schema, PayloadWriter>()

/** The one of these very fields. */
export function payloadWriterOf(fields: Schema): PayloadWriter {
  const known = writers.get(fields)
  if (known !== undefined) return known
  const writer = new PayloadWriter(fields)
  writers.set(fields, writer)
  return writer
}

/** Writes batches of the same columns, each as a stream of its own; what stands before a batch is made once. */
class PayloadWriter {
  readonly #fields: Schema
  readonly #plain: Schema
  #writer: IpcWriter
  #schema: Uint8Array
  #batches = 0

  constructor(fields: Schema) {
    this.#fields = fields
    this.#plain = plainSchema(fields)
    this.#writer = new IpcWriter(this.#plain, 'stream')
    this.#schema = Buffer.concat(this.#writer.begin())
  }

  write({ length, columns }: Batch): Uint8Array {
    const plain = this.#fields.map(({ type }, index) => plainColumn(type, columns[index]!))
    if (++this.#batches > BATCHES_MAX) this.#renew()
    try {
      return Buffer.concat([this.#schema, ...this.#writer.write({ length, columns: plain }), END])
    } catch (error) {
      // Half of a batch may be left in it.
      this.#renew()
      throw error
    }
  }

  #renew(): void {
    this.#writer = new IpcWriter(this.#plain, 'stream')
    this.#schema = Buffer.concat(this.#writer.begin())
    this.#batches = 1
  }
}
