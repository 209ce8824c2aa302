import duckdb, { type Vector } from '@duckdb/node-bindings'
import { andBits, bitmapBytes, countSetBits, repeatBits } from '../../arrow/bitmap.ts'
import { gatherBits, gatherItems, itemRows } from '../../arrow/gather.ts'
import { childTypes, layoutOf } from '../../arrow/layout.ts'
import type { DataType } from '../../base/dataType.ts'

/** Bytes of a string as DuckDB keeps it in a vector, and of a list's offset and length. */
export const entryBytes = 16

/**
 * What a vector holds, copied out of DuckDB (the bindings return nothing but copies), so that ranges of its rows can be read
 * without another native call. Only the bytes of long strings are still in DuckDB.
 */
export interface VectorSource {
  readonly rows: number
  /** Null if no row is null. A row within a null struct, array or union is null too. */
  readonly validity: Uint8Array | null
  /** The items of fixed width, the strings' entries, the lists' entries or the unions' tags. */
  readonly data: Uint8Array<ArrayBuffer>
  /** The entries of `data` as 32-bit words, four an entry; those of null rows are zero. */
  readonly words: Uint32Array
  readonly children: readonly VectorSource[]
  /** Bytes of `data` that one row takes. */
  readonly width: number
  /** Rows of each child for one row; null if the entries say where they are. */
  readonly childRows: number | null
}

const noBytes = new Uint8Array(0)
const noWords = new Uint32Array(0)

/** Reads rows [0, rows) of a vector; rows that are null in `mask` are null whatever the vector says. */
export function readSource(
  vector: Vector,
  type: DataType,
  rows: number,
  mask: Uint8Array | null = null,
): VectorSource {
  const layout = layoutOf(type)
  const validity = andBits(readValidity(vector, rows), mask, rows)
  const types = childTypes(type)
  const source = { rows, validity, data: noBytes, words: noWords, children: [], width: 0, childRows: 1 }
  switch (layout.kind) {
    case 'null':
      return { ...source, validity: new Uint8Array(bitmapBytes(rows)) }
    case 'fixed': {
      const width = layout.array.BYTES_PER_ELEMENT * layout.perRow
      const data = readData(vector, rows * width)
      if (type.kind === 'enum') clearNulls(data, validity, width)
      return { ...source, data, width }
    }
    case 'bytes':
      return { ...source, ...readEntries(vector, rows, validity) }
    case 'list': {
      const items = duckdb.list_vector_get_size(vector)
      const child = duckdb.list_vector_get_child(vector)
      const children =
        type.kind === 'map'
          ? readFields(child, types, items, readValidity(child, items))
          : types.map((item) => readSource(child, item, items))
      return { ...source, ...readEntries(vector, rows, validity), children, childRows: null }
    }
    case 'array': {
      const itemMask = validity === null ? null : repeatBits(validity, rows, layout.size)
      const child = duckdb.array_vector_get_child(vector)
      return {
        ...source,
        children: types.map((item) => readSource(child, item, rows * layout.size, itemMask)),
      }
    }
    case 'struct':
      return { ...source, children: readFields(vector, types, rows, validity) }
    case 'union':
      return { ...source, ...readUnion(vector, types, rows, validity) }
  }
}

function readFields(
  vector: Vector,
  types: readonly DataType[],
  rows: number,
  mask: Uint8Array | null,
): readonly VectorSource[] {
  return types.map((type, index) =>
    readSource(duckdb.struct_vector_get_child(vector, index), type, rows, mask),
  )
}

/** To DuckDB a union is a struct of the tags and its members, which are null but for the one that the tag names. */
function readUnion(
  vector: Vector,
  types: readonly DataType[],
  rows: number,
  mask: Uint8Array | null,
): Partial<VectorSource> {
  const tags = duckdb.struct_vector_get_child(vector, 0)
  const validity = andBits(readValidity(tags, rows), mask, rows)
  const data = readData(tags, rows)
  clearNulls(data, validity, 1)
  const children = types.map((type, index) => {
    const tagged = new Uint8Array(bitmapBytes(rows))
    for (let row = 0; row < rows; row++) if (data[row] === index) tagged[row >> 3]! |= 1 << (row & 7)
    return readSource(
      duckdb.struct_vector_get_child(vector, index + 1),
      type,
      rows,
      andBits(tagged, validity, rows),
    )
  })
  return { validity, data, children, width: 1 }
}

function readEntries(vector: Vector, rows: number, validity: Uint8Array | null): Partial<VectorSource> {
  const data = readData(vector, rows * entryBytes)
  clearNulls(data, validity, entryBytes)
  return { data, words: new Uint32Array(data.buffer, data.byteOffset, rows * 4), width: entryBytes }
}

/** What stands at a null row may point anywhere. */
function clearNulls(data: Uint8Array, validity: Uint8Array | null, width: number): void {
  if (validity === null) return
  for (let row = 0; row * width < data.length; row++) {
    if (((validity[row >> 3]! >> (row & 7)) & 1) === 0) data.fill(0, row * width, (row + 1) * width)
  }
}

function readData(vector: Vector, bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes === 0) return noBytes
  const data = duckdb.vector_get_data(vector, bytes)
  return data.buffer instanceof ArrayBuffer
    ? new Uint8Array(data.buffer, data.byteOffset, data.length)
    : Uint8Array.from(data)
}

function readValidity(vector: Vector, rows: number): Uint8Array | null {
  // DuckDB keeps validity in words of 64 rows, and gives none for a vector that never had a null.
  const bitmap: Uint8Array | null = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8)
  return bitmap === null || countSetBits(bitmap, 0, rows) === rows ? null : bitmap
}

/** The rows of a source in another order; one may be there many times. */
export function gatherSource(source: VectorSource, rows: Int32Array): VectorSource {
  const { validity, width, childRows } = source
  const data = gatherItems(source.data, width, rows)
  return {
    ...source,
    rows: rows.length,
    validity: validity === null ? null : gatherBits(validity, rows),
    data,
    words: width === entryBytes ? new Uint32Array(data.buffer, data.byteOffset, rows.length * 4) : noWords,
    children:
      childRows === null
        ? source.children
        : source.children.map((child) =>
            gatherSource(child, childRows === 1 ? rows : itemRows(rows, childRows)),
          ),
  }
}
