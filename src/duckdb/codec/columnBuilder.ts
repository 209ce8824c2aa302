import type { ColumnData } from '../../arrow/column.ts'
import { childTypes, type FixedWidthConstructor, layoutOf } from '../../arrow/layout.ts'
import { checkedOffset } from '../../arrow/offsets.ts'
import type { DataType } from '../../base/dataType.ts'
import { GrowingBytes, GrowingValidity } from './growingBuffers.ts'
import { packStrings, stringBytes } from './packStrings.ts'
import { gatherSource, type VectorSource } from './vectorSource.ts'

/** Gathers rows of successive vectors into one column whose buffers grow, so that nothing is joined afterwards. */
export interface ColumnBuilder {
  /** Bytes that the column takes so far, about. */
  readonly bytes: number
  append(source: VectorSource, from: number, to: number): void
  /** The column so far; the builder starts another. */
  take(): ColumnData
}

/** `rows` is how many are expected. */
export function columnBuilder(type: DataType, rows: number): ColumnBuilder {
  const layout = layoutOf(type)
  const children = childTypes(type)
  switch (layout.kind) {
    case 'null':
      return new NestedBuilder([], 1, rows)
    case 'fixed':
      return new FixedBuilder(layout.array, layout.perRow, rows)
    case 'bytes':
      return new BytesBuilder(rows)
    case 'list':
      return new ListBuilder(children, rows)
    case 'array':
      return new NestedBuilder(children, layout.size, rows)
    case 'struct':
      return new NestedBuilder(children, 1, rows)
    case 'union':
      return new UnionBuilder(children, rows)
  }
}

// With more ranges of items than this, picking the items costs less than appending range by range.
const maxRanges = 16
const noRows = new Int32Array(0)

class FixedBuilder implements ColumnBuilder {
  readonly #array: FixedWidthConstructor
  readonly #perRow: number
  readonly #rowBytes: number
  readonly #values: GrowingBytes
  readonly #validity = new GrowingValidity()

  constructor(array: FixedWidthConstructor, perRow: number, rows: number) {
    this.#array = array
    this.#perRow = perRow
    this.#rowBytes = array.BYTES_PER_ELEMENT * perRow
    this.#values = new GrowingBytes(rows * this.#rowBytes)
  }

  get bytes(): number {
    return this.#validity.rows * this.#rowBytes
  }

  append(source: VectorSource, from: number, to: number): void {
    const width = this.#rowBytes
    const used = this.#validity.rows * width
    const bytes = this.#values.reserve(used + (to - from) * width, used)
    bytes.set(source.data.subarray(from * width, to * width), used)
    this.#validity.append(source.validity, from, to)
  }

  take(): ColumnData {
    const { rows } = this.#validity
    const buffer = this.#values.take(rows * this.#rowBytes)
    const values = new this.#array(buffer, 0, rows * this.#perRow)
    return { ...this.#validity.take(), offsets: null, values, children: [] }
  }
}

class BytesBuilder implements ColumnBuilder {
  readonly #offsets: GrowingBytes
  readonly #strings: GrowingBytes
  readonly #validity = new GrowingValidity()
  #end = 0

  constructor(rows: number) {
    this.#offsets = new GrowingBytes((rows + 1) * 4)
    this.#strings = new GrowingBytes(rows * 16)
  }

  get bytes(): number {
    return this.#end + this.#validity.rows * 4
  }

  append(source: VectorSource, from: number, to: number): void {
    const start = this.#end
    const end = checkedOffset(start + stringBytes(source, from, to), 'bytes of text')
    const offsets = growOffsets(this.#offsets, this.#validity.rows, to - from)
    let index = this.#validity.rows
    let at = start
    for (let row = from; row < to; row++) offsets[++index] = at += source.words[row * 4]!
    packStrings(source, from, to, this.#strings.reserve(end, start).subarray(start, end))
    this.#end = end
    this.#validity.append(source.validity, from, to)
  }

  take(): ColumnData {
    const { rows } = this.#validity
    const offsets = takeOffsets(this.#offsets, rows)
    const values = new Uint8Array(this.#strings.take(this.#end), 0, this.#end)
    this.#end = 0
    return { ...this.#validity.take(), offsets, values, children: [] }
  }
}

class ListBuilder implements ColumnBuilder {
  readonly #offsets: GrowingBytes
  readonly #children: readonly ColumnBuilder[]
  readonly #validity = new GrowingValidity()
  #end = 0

  constructor(types: readonly DataType[], rows: number) {
    this.#offsets = new GrowingBytes((rows + 1) * 4)
    this.#children = types.map((type) => columnBuilder(type, rows))
  }

  get bytes(): number {
    return this.#validity.rows * 4 + totalBytes(this.#children)
  }

  append(source: VectorSource, from: number, to: number): void {
    const offsets = growOffsets(this.#offsets, this.#validity.rows, to - from)
    let index = this.#validity.rows
    let end = this.#end
    const ranges = itemRanges(source.words, from, to)
    for (let row = from; row < to; row++) {
      end = checkedOffset(end + source.words[row * 4 + 2]!, 'items of lists')
      offsets[++index] = end
    }
    this.#appendItems(source.children, ranges, end - this.#end)
    this.#end = end
    this.#validity.append(source.validity, from, to)
  }

  take(): ColumnData {
    const offsets = takeOffsets(this.#offsets, this.#validity.rows)
    this.#end = 0
    return { ...this.#validity.take(), offsets, values: null, children: takeAll(this.#children) }
  }

  #appendItems(items: readonly VectorSource[], ranges: readonly number[], count: number): void {
    const scattered = ranges.length > maxRanges * 2
    const rows = scattered ? rowsOf(ranges, count) : noRows
    this.#children.forEach((child, index) => {
      const item = items[index]!
      if (scattered) child.append(gatherSource(item, rows), 0, count)
      else for (let k = 0; k < ranges.length; k += 2) child.append(item, ranges[k]!, ranges[k + 1]!)
    })
  }
}

/** Of structs and of arrays, whose items follow one another, so many a row. */
class NestedBuilder implements ColumnBuilder {
  readonly #children: readonly ColumnBuilder[]
  readonly #itemsPerRow: number
  readonly #validity = new GrowingValidity()

  constructor(types: readonly DataType[], itemsPerRow: number, rows: number) {
    this.#children = types.map((type) => columnBuilder(type, rows * itemsPerRow))
    this.#itemsPerRow = itemsPerRow
  }

  get bytes(): number {
    return totalBytes(this.#children)
  }

  append({ validity, children }: VectorSource, from: number, to: number): void {
    const times = this.#itemsPerRow
    this.#children.forEach((child, index) => child.append(children[index]!, from * times, to * times))
    this.#validity.append(validity, from, to)
  }

  take(): ColumnData {
    return { ...this.#validity.take(), offsets: null, values: null, children: takeAll(this.#children) }
  }
}

class UnionBuilder implements ColumnBuilder {
  readonly #tags: FixedBuilder
  readonly #members: readonly ColumnBuilder[]

  constructor(types: readonly DataType[], rows: number) {
    this.#tags = new FixedBuilder(Uint8Array, 1, rows)
    this.#members = types.map((type) => columnBuilder(type, rows))
  }

  get bytes(): number {
    return this.#tags.bytes + totalBytes(this.#members)
  }

  append(source: VectorSource, from: number, to: number): void {
    this.#tags.append(source, from, to)
    this.#members.forEach((member, index) => member.append(source.children[index]!, from, to))
  }

  take(): ColumnData {
    return { ...this.#tags.take(), children: takeAll(this.#members) }
  }
}

/** Where the items of lists lie, as starts and ends; the lists of a vector may share items, or lie in any order. */
function itemRanges(words: Uint32Array, from: number, to: number): readonly number[] {
  const ranges: number[] = []
  let start = 0
  let end = 0
  for (let row = from; row < to; row++) {
    const length = words[row * 4 + 2]!
    if (length === 0) continue
    const first = words[row * 4]! + words[row * 4 + 1]! * 2 ** 32
    if (first !== end) {
      if (end > start) ranges.push(start, end)
      start = first
    }
    end = first + length
  }
  if (end > start) ranges.push(start, end)
  return ranges
}

function rowsOf(ranges: readonly number[], count: number): Int32Array {
  const rows = new Int32Array(count)
  let index = 0
  for (let k = 0; k < ranges.length; k += 2) {
    for (let row = ranges[k]!; row < ranges[k + 1]!; row++) rows[index++] = row
  }
  return rows
}

function takeAll(builders: readonly ColumnBuilder[]): readonly ColumnData[] {
  return builders.map((builder) => builder.take())
}

export function totalBytes(builders: readonly ColumnBuilder[]): number {
  return builders.reduce((sum, builder) => sum + builder.bytes, 0)
}

/** Offsets with room for `more` behind those of `rows` rows; the first is 0. */
function growOffsets(offsets: GrowingBytes, rows: number, more: number): Int32Array {
  const needed = rows + more + 1
  const { buffer } = offsets.reserve(needed * 4, (rows + 1) * 4)
  const grown = new Int32Array(buffer, 0, needed)
  if (rows === 0) grown[0] = 0
  return grown
}

function takeOffsets(offsets: GrowingBytes, rows: number): Int32Array {
  if (rows === 0) growOffsets(offsets, 0, 0)
  return new Int32Array(offsets.take((rows + 1) * 4), 0, rows + 1)
}
