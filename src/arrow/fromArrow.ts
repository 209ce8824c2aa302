import type * as arrow from 'apache-arrow'
import type { DataType } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { ColumnData, FixedWidthArray } from './column.ts'
import { encodeColumn } from './encode.ts'
import { childTypes, layoutOf } from './layout.ts'
import { library } from './library.ts'

/**
 * Arrow data as a column of a type, whose storage in Arrow it must be. Everything is copied, and checked first: throws
 * ARROW_INVALID for buffers that are too short, and offsets that run backwards or past the end.
 */
export function fromArrowData(type: DataType, data: arrow.Data): ColumnData {
  const { length } = data
  if (library.DataType.isDictionary(data.type) || library.DataType.isLargeUtf8(data.type)) {
    return encodeColumn(type, new library.Vector([data]).toArray() as ArrayLike<unknown>)
  }
  const validity = validityOf(data)
  const rows = { length, nullCount: validity === null ? 0 : countNulls(validity, length), validity }
  const none = { offsets: null, values: null, children: [] }
  switch (layoutOf(type).kind) {
    case 'null':
      return { ...none, length, nullCount: length, validity: new Uint8Array((length + 7) >> 3) }
    case 'fixed':
      return { ...rows, ...none, values: fixedValues(type, data) }
    case 'bytes': {
      const { offsets, from, to } = offsetsOf(data)
      return { ...rows, ...none, offsets, values: (data.values as Uint8Array).slice(from, to) }
    }
    case 'list': {
      const { offsets, from, to } = offsetsOf(data)
      return { ...rows, ...none, offsets, children: listChildren(type, data, from, to) }
    }
    case 'array': {
      const size = (data.type as arrow.FixedSizeList).listSize
      return {
        ...rows,
        ...none,
        children: [fromArrowData(childTypes(type)[0]!, childOf(data, 0, length * size))],
      }
    }
    case 'struct':
      return {
        ...rows,
        ...none,
        children: childTypes(type).map((child, index) => fromArrowData(child, childOf(data, index, length))),
      }
    case 'union': {
      const tags = fromArrowData({ kind: 'utinyint' }, childOf(data, 0, length))
      const children = childTypes(type).map((child, index) =>
        fromArrowData(child, childOf(data, index + 1, length)),
      )
      return { ...rows, ...none, values: tags.values, children }
    }
  }
}

function invalid(what: string): EngineError {
  return new EngineError('ARROW_INVALID', `Arrow data is malformed: ${what}`)
}

function childOf(data: arrow.Data, index: number, length: number): arrow.Data {
  const child = data.children[index]
  if (child === undefined || child.length < length)
    throw invalid(`a child has ${child?.length ?? 0} of ${length} rows`)
  return child.length === length ? child : child.slice(0, length)
}

function listChildren(type: DataType, data: arrow.Data, from: number, to: number): ColumnData[] {
  const child = data.children[0]
  if (child === undefined || child.length < to)
    throw invalid(`a list refers to ${to} of ${child?.length ?? 0} items`)
  const items = child.slice(from, to - from)
  const types = childTypes(type)
  if (type.kind !== 'map') return [fromArrowData(types[0]!, items)]
  return types.map((item, index) => fromArrowData(item, childOf(items, index, items.length)))
}

/** Offsets from 0, and the part of the values that they refer to. */
function offsetsOf(data: arrow.Data): {
  readonly offsets: Int32Array
  readonly from: number
  readonly to: number
} {
  const given = data.valueOffsets as Int32Array | undefined
  if (data.length === 0) return { offsets: new Int32Array(1), from: 0, to: 0 }
  if (given === undefined || given.length <= data.length) throw invalid('there are fewer offsets than rows')
  const from = given[0]!
  const offsets = new Int32Array(data.length + 1)
  for (let row = 1; row <= data.length; row++) {
    offsets[row] = given[row]! - from
    if (offsets[row]! < offsets[row - 1]!) throw invalid('offsets run backwards')
  }
  const to = given[data.length]!
  const bytes = data.values as Uint8Array | undefined
  if (from < 0 || (bytes !== undefined && data.children.length === 0 && to > bytes.length))
    throw invalid('an offset lies outside its buffer')
  return { offsets, from, to }
}

function validityOf(data: arrow.Data): Uint8Array | null {
  const { length, offset } = data
  const bitmap = data.nullBitmap as Uint8Array | undefined
  if (bitmap === undefined || bitmap.length === 0 || data.nullCount === 0) return null
  if (bitmap.length * 8 < offset + length) throw invalid('a validity bitmap is shorter than its rows')
  const validity = new Uint8Array((length + 7) >> 3)
  for (let row = 0; row < length; row++) {
    const at = offset + row
    if ((bitmap[at >> 3]! & (1 << (at & 7))) !== 0) validity[row >> 3]! |= 1 << (row & 7)
  }
  return validity
}

function countNulls(validity: Uint8Array, length: number): number {
  let valid = 0
  for (let row = 0; row < length; row++) valid += (validity[row >> 3]! >> (row & 7)) & 1
  return length - valid
}

function fixedValues(type: DataType, data: arrow.Data): FixedWidthArray {
  const { length } = data
  if (type.kind === 'boolean') return unpackBits(data)
  const given = data.values as FixedWidthArray
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  if (type.kind === 'decimal' && type.width <= 18) return narrowDecimals(type, bytes, length)
  if (type.kind === 'uuid') return uuidValues(checkedBytes(bytes, length * 16))
  if (type.kind === 'time' && library.DataType.isTime(data.type)) {
    const factor = [1_000_000n, 1000n, 1n][data.type.unit] ?? 1n
    if (factor !== 1n)
      return BigInt64Array.from(given.subarray(0, length) as Int32Array, (value) => BigInt(value) * factor)
  }
  const layout = layoutOf(type)
  if (layout.kind !== 'fixed') throw invalid('it is not of fixed width')
  const { array, perRow } = layout
  const own = checkedBytes(bytes, length * perRow * array.BYTES_PER_ELEMENT)
  return new array(own.buffer, 0, length * perRow)
}

function checkedBytes(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  if (bytes.length < size) throw invalid(`a buffer has ${bytes.length} of ${size} bytes`)
  return Uint8Array.from(bytes.subarray(0, size))
}

function unpackBits(data: arrow.Data): Uint8Array {
  const vector = new library.Vector([data])
  return Uint8Array.from({ length: data.length }, (_, row) => (vector.get(row) === true ? 1 : 0))
}

function narrowDecimals(type: DataType, bytes: Uint8Array, length: number): FixedWidthArray {
  const layout = layoutOf(type)
  if (layout.kind !== 'fixed') throw invalid('it is not of fixed width')
  const wide = new BigInt64Array(checkedBytes(bytes, length * 16).buffer)
  const values = new layout.array(length)
  for (let row = 0; row < length; row++) {
    const value = wide[row * 2]!
    values[row] = values instanceof BigInt64Array ? value : Number(value)
  }
  return values
}

function uuidValues(bytes: Uint8Array): BigUint64Array {
  const values = new BigUint64Array(bytes.length / 8)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < values.length; at += 2) {
    values[at] = view.getBigUint64(at * 8 + 8)
    values[at + 1] = view.getBigUint64(at * 8) ^ (1n << 63n)
  }
  return values
}
