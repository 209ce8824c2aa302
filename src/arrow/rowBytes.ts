import type { DataType } from '../base/dataType.ts'
import type { ColumnData } from './column.ts'
import { childTypes, layoutOf } from './layout.ts'
import { bytesOf } from './takeRows.ts'

const firstBytes = 1024

/** Bytes that grow as they are written, also seen as little-endian words. */
export class RowBytes {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(firstBytes)
  words: Int32Array<ArrayBuffer> = new Int32Array(this.bytes.buffer)
  length = 0

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = new Uint8Array(Math.ceil(Math.max(this.length + more, this.bytes.length * 2) / 16) * 16)
    grown.set(this.bytes)
    this.bytes = grown
    this.words = new Int32Array(grown.buffer)
  }

  writeByte(byte: number): void {
    this.reserve(1)
    this.bytes[this.length++] = byte
  }

  writeUint32(value: number): void {
    this.reserve(4)
    const { bytes, length } = this
    bytes[length] = value
    bytes[length + 1] = value >>> 8
    bytes[length + 2] = value >>> 16
    bytes[length + 3] = value >>> 24
    this.length = length + 4
  }

  write(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from)
    if (to - from > shortBytes) this.bytes.set(source.subarray(from, to), this.length)
    else for (let at = from, into = this.length; at < to; at++, into++) this.bytes[into] = source[at]!
    this.length += to - from
  }
}

/** Below it a loop is faster than a view and a call. */
const shortBytes = 48

/** Adds one row's bytes. */
export type WriteRow = (into: RowBytes, row: number) => void

/**
 * Writes rows so that their bytes are equal exactly where the rows are: a byte for null or not, then fixed-width values bit by bit,
 * texts and lists behind their length, unions behind their tag. What lies at null rows, where a column is cut, and what its
 * bitmap holds beyond it, leave no trace. For given types no row's bytes begin with another's.
 */
export function rowWriter(types: readonly DataType[], columns: readonly ColumnData[]): WriteRow {
  const writers = types.map((type, index) => columnWriter(type, columns[index]!))
  const [only] = writers
  if (writers.length === 1 && only !== undefined) return only
  return (into, row) => {
    for (const write of writers) write(into, row)
  }
}

function columnWriter(type: DataType, column: ColumnData): WriteRow {
  const write = valueWriter(type, column)
  const { validity } = column
  if (write === null) return (into) => into.writeByte(0)
  if (validity === null) {
    return (into, row) => {
      into.writeByte(1)
      write(into, row)
    }
  }
  return (into, row) => {
    const valid = (validity[row >> 3]! >> (row & 7)) & 1
    into.writeByte(valid)
    if (valid === 1) write(into, row)
  }
}

/** Null where every value is null. */
function valueWriter(type: DataType, column: ColumnData): WriteRow | null {
  const layout = layoutOf(type)
  const { offsets } = column
  const children = childTypes(type).map((child, index) => columnWriter(child, column.children[index]!))
  switch (layout.kind) {
    case 'null':
      return null
    case 'fixed':
      return fixedWriter(bytesOf(column.values!), layout.array.BYTES_PER_ELEMENT * layout.perRow)
    case 'bytes': {
      const texts = bytesOf(column.values!)
      return (into, row) => {
        const from = offsets![row]!
        const to = offsets![row + 1]!
        into.writeUint32(to - from)
        into.write(texts, from, to)
      }
    }
    case 'list':
      return (into, row) => {
        const from = offsets![row]!
        const to = offsets![row + 1]!
        into.writeUint32(to - from)
        for (let item = from; item < to; item++) for (const write of children) write(into, item)
      }
    case 'array':
      return (into, row) => {
        for (let item = row * layout.size; item < (row + 1) * layout.size; item++) children[0]!(into, item)
      }
    case 'struct':
      return (into, row) => {
        for (const write of children) write(into, row)
      }
    case 'union': {
      const tags = bytesOf(column.values!)
      return (into, row) => {
        const tag = tags[row]!
        into.writeByte(tag)
        children[tag]?.(into, row)
      }
    }
  }
}

function fixedWriter(values: Uint8Array, width: number): WriteRow {
  return (into, row) => {
    into.reserve(width)
    const { bytes, length } = into
    for (let byte = 0, from = row * width; byte < width; byte++) bytes[length + byte] = values[from + byte]!
    into.length = length + width
  }
}
