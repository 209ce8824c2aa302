import { createWriteStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type * as arrow from 'apache-arrow'
import type { Schema } from '../base/dataType.ts'
import { EngineError, messageOf, toEngineError } from '../base/errors.ts'
import { sameType } from '../base/formatType.ts'
import { schemaOfArrow, toArrowSchema } from './arrowSchema.ts'
import type { BatchStream } from './batchStream.ts'
import type { Batch } from './column.ts'
import { library } from './library.ts'
import { batchOf } from './table.ts'
import { toRecordBatch } from './toArrow.ts'

/** Writes a stream, which is closed, as a file of Arrow's IPC format; answers the number of rows. */
export async function writeIpcFile(path: string, stream: BatchStream): Promise<number> {
  const schema = toArrowSchema(stream.schema)
  const writer = new library.RecordBatchFileWriter()
  const written = pipeline(writer.toNodeStream(), createWriteStream(path))
  let rows = 0
  try {
    writer.reset(undefined, schema)
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      writer.write(toRecordBatch(stream.schema, batch, schema))
      rows += batch.length
    }
    writer.finish()
    await written
    return rows
  } catch (error) {
    writer.abort(error)
    await written.catch(() => undefined)
    throw toEngineError(error, 'IO_FAILED', { path })
  } finally {
    await stream.close()
  }
}

/** The rows of files in Arrow's IPC format, one after the other; they must have the same columns. */
export async function readIpcFiles(paths: readonly string[]): Promise<BatchStream> {
  const [first] = paths
  if (first === undefined) throw new EngineError('WRONG_ARGUMENTS', 'there is no Arrow file to read')
  const reader = await IpcReader.open(first)
  return new IpcFiles(paths.slice(1), reader)
}

class IpcFiles implements BatchStream {
  readonly schema: Schema
  readonly #paths: string[]
  #reader: IpcReader | null

  constructor(paths: readonly string[], reader: IpcReader) {
    this.schema = reader.schema
    this.#paths = [...paths]
    this.#reader = reader
  }

  async next(): Promise<Batch | null> {
    while (this.#reader !== null) {
      const batch = await this.#reader.next()
      if (batch !== null) return batch
      await this.#reader.close()
      const path = this.#paths.shift()
      this.#reader = path === undefined ? null : await this.#openLike(path)
    }
    return null
  }

  async close(): Promise<void> {
    await this.#reader?.close()
    this.#reader = null
  }

  async #openLike(path: string): Promise<IpcReader> {
    const reader = await IpcReader.open(path)
    const same =
      reader.schema.length === this.schema.length &&
      reader.schema.every(
        ({ name, type }, i) => name === this.schema[i]!.name && sameType(type, this.schema[i]!.type),
      )
    if (same) return reader
    await reader.close()
    throw new EngineError('ARROW_INVALID', `${path} has other columns than the files before it`, { path })
  }
}

class IpcReader {
  readonly schema: Schema
  readonly #path: string
  readonly #file: FileHandle
  readonly #reader: arrow.RecordBatchReader

  private constructor(path: string, file: FileHandle, reader: arrow.RecordBatchReader) {
    this.#path = path
    this.#file = file
    this.#reader = reader
    this.schema = schemaOfArrow(reader.schema)
  }

  static async open(path: string): Promise<IpcReader> {
    let file: FileHandle
    try {
      file = await open(path)
    } catch (error) {
      throw new EngineError('IO_FAILED', `cannot read ${path}: ${messageOf(error)}`, { path }, error)
    }
    try {
      const reader = await library.RecordBatchReader.from(file)
      await reader.open()
      if (reader.schema === undefined || reader.schema === null) throw new Error('it has no schema')
      return new IpcReader(path, file, reader as arrow.RecordBatchReader)
    } catch (error) {
      await file.close()
      throw new EngineError(
        'ARROW_INVALID',
        `${path} is no Arrow IPC file: ${messageOf(error)}`,
        { path },
        error,
      )
    }
  }

  async next(): Promise<Batch | null> {
    try {
      const { done, value } = await this.#reader.next()
      return done === true || value === undefined ? null : batchOf(this.schema, value as arrow.RecordBatch)
    } catch (error) {
      throw new EngineError(
        'ARROW_INVALID',
        `${this.#path} holds a batch that cannot be read: ${messageOf(error)}`,
        { path: this.#path },
        error,
      )
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
