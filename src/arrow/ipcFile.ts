import { type FileHandle, open } from 'node:fs/promises'
import type * as arrow from 'apache-arrow'
import type { Schema } from '../base/dataType.ts'
import { EngineError, isEngineError, messageOf, toEngineError } from '../base/errors.ts'
import { sameType } from '../base/formatType.ts'
import { schemaOfArrow } from './arrowSchema.ts'
import type { BatchStream } from './batchStream.ts'
import type { Batch } from './column.ts'
import { checkedSource } from './ipcFrames.ts'
import { type IpcFormat, IpcWriter } from './ipcWriter.ts'
import { library } from './library.ts'
import { batchOf } from './table.ts'

/** Writes a stream of batches, which is closed, to a file of Arrow's IPC format; answers the number of rows. */
export async function writeIpcFile(
  path: string,
  stream: BatchStream,
  format: IpcFormat = 'file',
): Promise<number> {
  let rows = 0
  let file: FileHandle | null = null
  try {
    file = await open(path, 'w')
    const writer = new IpcWriter(stream.schema, format)
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      for (const bytes of writer.write(batch)) await writeAll(file, bytes)
      rows += batch.length
    }
    for (const bytes of writer.finish()) await writeAll(file, bytes)
    return rows
  } catch (error) {
    throw toEngineError(error, 'IO_FAILED', { path })
  } finally {
    await file?.close()
    await stream.close()
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written)).bytesWritten
  }
}

/**
 * The rows of files of Arrow's IPC format, or of streams of it in files, one after the other; they must have the same columns.
 * Throws IO_FAILED for a file that cannot be read, ARROW_INVALID for one that is damaged or has other columns than the first.
 */
export async function readIpcFiles(paths: readonly string[]): Promise<BatchStream> {
  const [first] = paths
  if (first === undefined) throw new EngineError('WRONG_ARGUMENTS', 'there is no Arrow file to read')
  return new IpcFiles(paths.slice(1), await IpcReader.open(first))
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
  readonly #reader: Reader

  private constructor(path: string, file: FileHandle, reader: Reader) {
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
      const reader = await openReader(await checkedSource(file))
      await reader.open()
      const schema: arrow.Schema | null | undefined = reader.schema
      if (schema === null || schema === undefined) throw new Error('it holds nothing')
      return new IpcReader(path, file, reader)
    } catch (error) {
      await file.close()
      if (isEngineError(error)) throw error
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
      for (;;) {
        const { done, value } = await this.#reader.next()
        if (done === true || value === undefined) return null
        // apache-arrow makes up an empty batch where there is none.
        if (value.numRows > 0) return batchOf(this.schema, value)
      }
    } catch (error) {
      const problem = `${this.#path} holds a batch that cannot be read: ${messageOf(error)}`
      throw new EngineError('ARROW_INVALID', problem, { path: this.#path }, error)
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

type Reader =
  | arrow.RecordBatchFileReader
  | arrow.AsyncRecordBatchFileReader
  | arrow.AsyncRecordBatchStreamReader

function openReader(source: FileHandle | AsyncIterable<Uint8Array>): Promise<Reader> {
  return 'stat' in source ? library.RecordBatchReader.from(source) : library.RecordBatchReader.from(source)
}
