import type * as arrow from 'apache-arrow'
import type { Schema } from '../base/dataType.ts'
import { toArrowSchema } from './arrowSchema.ts'
import type { Batch } from './column.ts'
import { library } from './library.ts'
import { toRecordBatch } from './toArrow.ts'

export type IpcFormat = 'file' | 'stream'

/** Batches as bytes of Arrow's IPC format, given out as they come: nothing is kept but the places of the batches. */
export class IpcWriter {
  readonly #schema: Schema
  readonly #writer: arrow.RecordBatchWriter
  #bytes: Uint8Array[] = []

  constructor(schema: Schema, format: IpcFormat) {
    this.#schema = schema
    this.#writer =
      format === 'file' ? new library.RecordBatchFileWriter() : new library.RecordBatchStreamWriter()
    const sink = new library.AsyncByteQueue()
    sink.write = (chunk) => {
      if (chunk instanceof Uint8Array) this.#bytes.push(chunk)
    }
    const arrowSchema = toArrowSchema(schema)
    this.#writer.reset(sink, arrowSchema)
    if (format === 'file') writeSchema(this.#writer, arrowSchema)
  }

  /** The bytes before the first batch, which `write` gives with it unless they were taken. */
  begin(): readonly Uint8Array[] {
    return this.#take()
  }

  /** The bytes of one more batch, to be written before its memory changes. */
  write(batch: Batch): readonly Uint8Array[] {
    this.#writer.write(toRecordBatch(this.#schema, batch))
    return this.#take()
  }

  /** The bytes at the end. */
  finish(): readonly Uint8Array[] {
    this.#writer.finish()
    return this.#take()
  }

  #take(): readonly Uint8Array[] {
    const taken = this.#bytes
    this.#bytes = []
    return taken
  }
}

/** apache-arrow leaves the schema out of files but for their ends, where programs that read from front to back do not look. */
function writeSchema(writer: arrow.RecordBatchWriter, schema: arrow.Schema): void {
  const write: unknown = Reflect.get(library.RecordBatchStreamWriter.prototype, '_writeSchema')
  if (typeof write === 'function') Reflect.apply(write, writer, [schema])
}
