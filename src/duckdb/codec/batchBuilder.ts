import duckdb, { type DataChunk } from '@duckdb/node-bindings'
import type { Batch } from '../../arrow/column.ts'
import type { DataType } from '../../base/dataType.ts'
import { type ColumnBuilder, columnBuilder, totalBytes } from './columnBuilder.ts'
import { readSource, type VectorSource } from './vectorSource.ts'

/** Gathers rows of successive chunks into one batch, or a chunk's rows into several. */
export class BatchBuilder {
  readonly #types: readonly DataType[]
  readonly #columns: readonly ColumnBuilder[]
  #rows = 0
  #chunk: DataChunk | null = null
  #sources: readonly VectorSource[] = []
  #read = 0

  /** `capacityRows` is how many rows a batch is expected to have; it may have more. */
  constructor(types: readonly DataType[], capacityRows: number) {
    this.#types = types
    this.#columns = types.map((type) => columnBuilder(type, capacityRows))
  }

  get rows(): number {
    return this.#rows
  }

  /** Bytes that the batch takes so far, about. */
  get bytes(): number {
    return totalBytes(this.#columns)
  }

  /** Appends the rows [from, to) of a chunk, which has not changed since its rows before `from` were appended. */
  append(chunk: DataChunk, from: number, to: number): void {
    if (chunk !== this.#chunk || from === 0 || from !== this.#read) this.#open(chunk)
    this.#columns.forEach((column, index) => column.append(this.#sources[index]!, from, to))
    this.#rows += to - from
    this.#read = to
    if (to === duckdb.data_chunk_get_size(chunk)) this.#close()
  }

  /** The rows so far; the next ones start another batch. */
  take(): Batch {
    const length = this.#rows
    this.#rows = 0
    return { length, columns: this.#columns.map((column) => column.take()) }
  }

  #open(chunk: DataChunk): void {
    const length = duckdb.data_chunk_get_size(chunk)
    this.#chunk = chunk
    this.#sources = this.#types.map((type, index) =>
      readSource(duckdb.data_chunk_get_vector(chunk, index), type, length),
    )
  }

  #close(): void {
    this.#chunk = null
    this.#sources = []
  }
}
