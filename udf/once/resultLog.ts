import { deserialize, serialize } from 'node:v8'
import { byteSize, type ColumnData } from '../../src/arrow/column.ts'
import { concatColumns, type ScatterPart, sliceColumn } from '../../src/arrow/columns.ts'
import { takeRows } from '../../src/arrow/takeRows.ts'
import type { DataType } from '../../src/base/dataType.ts'
import type { MemoryBudget, Spillable } from './memoryBudget.ts'
import { TempFile } from './tempFile.ts'

/** Neighbours of about one size that become one chunk. */
const fanOut = 8
/** Bytes up to which chunks are put together. */
const chunkBytes = 4 << 20
/** Bytes that are written, and later read, together: as many rows as fit into them. */
const groupBytes = 2048
const maxGroupRows = 256

interface MemoryChunk {
  readonly kind: 'memory'
  readonly first: number
  readonly column: ColumnData
  readonly bytes: number
  /** How many times over it was put together. */
  readonly level: number
}

interface DiskChunk {
  readonly kind: 'disk'
  readonly first: number
  readonly groupRows: number
  /** Where in the file each group begins, and the last one ends. */
  readonly groups: Float64Array
}

type Chunk = MemoryChunk | DiskChunk

/** Results of one function, numbered from 0 in the order in which they came; the oldest move to disk when memory is short. */
export class ResultLog implements Spillable {
  readonly #type: DataType
  readonly #budget: MemoryBudget
  #chunks: Chunk[] = []
  /** Chunks before it are on disk. */
  #firstInMemory = 0
  #length = 0
  #bytes = 0
  #file: TempFile | null = null

  constructor(type: DataType, budget: MemoryBudget) {
    this.#type = type
    this.#budget = budget
    budget.add(this)
  }

  get spillable(): number {
    return this.#bytes
  }

  /** Keeps the rows of a column that nobody changes; answers the number of the first. */
  append(column: ColumnData): number {
    const first = this.#length
    const bytes = byteSize(column)
    this.#chunks.push({ kind: 'memory', first, column, bytes, level: 0 })
    this.#length += column.length
    this.#bytes += bytes
    this.#putTogether()
    this.#budget.countResults(bytes)
    return first
  }

  /** The results of these numbers, for these rows of a batch, in parts. */
  parts(rows: Int32Array, numbers: Float64Array): ScatterPart[] {
    const wanted = new Map<Chunk, { rows: number[]; places: number[] }>()
    for (let k = 0; k < rows.length; k++) {
      const chunk = this.#chunkOf(numbers[k]!)
      let list = wanted.get(chunk)
      if (list === undefined) wanted.set(chunk, (list = { rows: [], places: [] }))
      list.rows.push(rows[k]!)
      list.places.push(numbers[k]! - chunk.first)
    }
    return [...wanted].flatMap(([chunk, list]) => {
      if (chunk.kind === 'disk') return this.#readParts(chunk, list.rows, list.places)
      return [this.#part(chunk.column, list.rows, list.places)]
    })
  }

  spill(): void {
    const chunk = this.#chunks[this.#firstInMemory]
    if (chunk?.kind !== 'memory') return
    this.#file ??= new TempFile()
    const { column, first, bytes } = chunk
    const groupRows = Math.max(1, Math.min(maxGroupRows, Math.floor((groupBytes * column.length) / bytes)))
    const groups = new Float64Array(Math.ceil(column.length / groupRows) + 1)
    const written: Buffer[] = []
    let end = this.#file.size
    for (let group = 0; group < groups.length - 1; group++) {
      const from = group * groupRows
      const rows = sliceColumn(this.#type, column, from, Math.min(groupRows, column.length - from))
      const serialized = serialize(rows)
      groups[group] = end
      end += serialized.length
      written.push(serialized)
    }
    groups[groups.length - 1] = end
    this.#file.append(Buffer.concat(written))
    this.#chunks[this.#firstInMemory++] = { kind: 'disk', first, groupRows, groups }
    this.#bytes -= bytes
    this.#budget.countResults(-bytes)
  }

  close(): void {
    this.#file?.close()
    this.#file = null
    this.#chunks = []
    this.#budget.remove(this)
  }

  #putTogether(): void {
    for (;;) {
      const from = this.#chunks.length - fanOut
      const last = this.#chunks.at(-1)
      if (from < this.#firstInMemory || last?.kind !== 'memory') return
      const alike = this.#chunks
        .slice(from)
        .filter((chunk) => chunk.kind === 'memory')
        .filter(({ level }) => level === last.level)
      const bytes = alike.reduce((sum, chunk) => sum + chunk.bytes, 0)
      if (alike.length < fanOut || bytes > chunkBytes) return
      const column = concatColumns(
        this.#type,
        alike.map((chunk) => chunk.column),
      )
      const chunk: MemoryChunk = {
        kind: 'memory',
        first: alike[0]!.first,
        column,
        bytes,
        level: last.level + 1,
      }
      this.#chunks.splice(from, fanOut, chunk)
    }
  }

  #chunkOf(number: number): Chunk {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#chunks[middle]!.first <= number) low = middle
      else high = middle - 1
    }
    return this.#chunks[low]!
  }

  #part(column: ColumnData, rows: readonly number[], places: readonly number[]): ScatterPart {
    return { rows: Int32Array.from(rows), column: takeRows(this.#type, column, Int32Array.from(places)) }
  }

  #readParts(
    { groupRows, groups }: DiskChunk,
    rows: readonly number[],
    places: readonly number[],
  ): ScatterPart[] {
    const wanted = new Map<number, { rows: number[]; places: number[] }>()
    for (let k = 0; k < rows.length; k++) {
      const group = Math.floor(places[k]! / groupRows)
      let list = wanted.get(group)
      if (list === undefined) wanted.set(group, (list = { rows: [], places: [] }))
      list.rows.push(rows[k]!)
      list.places.push(places[k]! % groupRows)
    }
    return [...wanted].map(([group, list]) => {
      const bytes = this.#file!.read(groups[group]!, groups[group + 1]! - groups[group]!)
      const column: ColumnData = deserialize(bytes)
      return this.#part(column, list.rows, list.places)
    })
  }
}
