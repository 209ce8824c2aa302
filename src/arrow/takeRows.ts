import type { DataType } from '../base/dataType.ts'
import { bitmapBytes, countSetBits, setBits } from './bitmap.ts'
import type { ColumnData, FixedWidthArray } from './column.ts'
import { gatherBits, gatherItems, itemRows } from './gather.ts'
import { childTypes, layoutOf } from './layout.ts'
import { checkedOffset } from './offsets.ts'

/** Rows picked by their number, in that order, in buffers of their own; a negative number gives null. */
export function takeRows(type: DataType, column: ColumnData, rows: Int32Array): ColumnData {
  const layout = layoutOf(type)
  const types = childTypes(type)
  const parts = withValidity(rows.length, takeValidity(column, rows))
  const childrenAt = (items: Int32Array): readonly ColumnData[] =>
    types.map((child, index) => takeRows(child, column.children[index]!, items))
  switch (layout.kind) {
    case 'null':
      return { ...parts, ...withValidity(rows.length, new Uint8Array(bitmapBytes(rows.length))) }
    case 'fixed': {
      const bytes = gatherItems(bytesOf(column.values!), layout.array.BYTES_PER_ELEMENT * layout.perRow, rows)
      return { ...parts, values: new layout.array(bytes.buffer, 0, rows.length * layout.perRow) }
    }
    case 'bytes':
      return { ...parts, ...takeBytes(column, rows) }
    case 'list': {
      const offsets = takeOffsets(column.offsets!, rows, 'items of lists')
      return {
        ...parts,
        offsets,
        children: childrenAt(listItems(column.offsets!, rows, offsets[rows.length]!)),
      }
    }
    case 'array':
      return { ...parts, children: childrenAt(itemRows(rows, layout.size)) }
    case 'struct':
      return { ...parts, children: childrenAt(rows) }
    case 'union':
      return { ...parts, values: gatherItems(bytesOf(column.values!), 1, rows), children: childrenAt(rows) }
  }
}

function takeValidity({ validity, length }: ColumnData, rows: Int32Array): Uint8Array | null {
  if (validity !== null) return gatherBits(validity, rows)
  if (!rows.includes(-1)) return null
  const all = new Uint8Array(bitmapBytes(length))
  setBits(all, 0, length)
  return gatherBits(all, rows)
}

function takeOffsets(offsets: Int32Array, rows: Int32Array, what: string): Int32Array {
  const taken = new Int32Array(rows.length + 1)
  let end = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (row >= 0) end = checkedOffset(end + offsets[row + 1]! - offsets[row]!, what)
    taken[k + 1] = end
  }
  return taken
}

/** Neighbours are copied together. */
function takeBytes({ offsets, values }: ColumnData, rows: Int32Array): Partial<ColumnData> {
  const from = offsets!
  const source = bytesOf(values!)
  const taken = takeOffsets(from, rows, 'bytes of text')
  const bytes = new Uint8Array(taken[rows.length]!)
  let first = 0
  for (let k = 1; k <= rows.length; k++) {
    const start = rows[first]!
    if (start >= 0 && rows[k] === start + k - first) continue
    if (start >= 0) bytes.set(source.subarray(from[start], from[start + k - first]), taken[first])
    first = k
  }
  return { offsets: taken, values: bytes }
}

function listItems(offsets: Int32Array, rows: Int32Array, count: number): Int32Array {
  const items = new Int32Array(count)
  let index = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (row >= 0) for (let item = offsets[row]!; item < offsets[row + 1]!; item++) items[index++] = item
  }
  return items
}

export function bytesOf({ buffer, byteOffset, byteLength }: FixedWidthArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The parts of a column that has no more than a validity. */
export function withValidity(length: number, validity: Uint8Array | null): ColumnData {
  const nullCount = validity === null ? 0 : length - countSetBits(validity, 0, length)
  return {
    length,
    nullCount,
    validity: nullCount === 0 ? null : validity,
    offsets: null,
    values: null,
    children: [],
  }
}
