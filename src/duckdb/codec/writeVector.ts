import duckdb, { type Vector } from '@duckdb/node-bindings'
import { andBits, bitmapBytes, repeatBits, sliceBits } from '../../arrow/bitmap.ts'
import type { ColumnData } from '../../arrow/column.ts'
import { childTypes, layoutOf } from '../../arrow/layout.ts'
import type { DataType } from '../../base/dataType.ts'
import { EngineError } from '../../base/errors.ts'
import { fillLists, fillStrings } from './fillEntries.ts'

/**
 * Writes the rows [from, from + rows) of a column to the first rows of a vector, which is of the same type and has room for
 * them. The vector may have been used before.
 */
// oxlint-disable-next-line max-params -- a range of a column, as callers have it at hand for every vector of a batch
export function writeVector(
  vector: Vector,
  type: DataType,
  column: ColumnData,
  from: number,
  rows: number,
): void {
  if (rows > 0) write(vector, type, { column, from, rows }, null)
}

interface Slice {
  readonly column: ColumnData
  readonly from: number
  readonly rows: number
}

/** Rows that are null in `mask` are null whatever the column says: DuckDB expects the parts of a null to be null. */
function write(vector: Vector, type: DataType, slice: Slice, mask: Uint8Array | null): void {
  const { column, from, rows } = slice
  if (from + rows > column.length) throw malformed(`has ${column.length} rows, not ${from + rows}`)
  const validity = andBits(
    column.validity === null ? null : sliceBits(column.validity, from, rows),
    mask,
    rows,
  )
  const types = childTypes(type)
  const layout = layoutOf(type)
  switch (layout.kind) {
    case 'null':
      writeValidity(vector, new Uint8Array(bitmapBytes(rows)), rows)
      return
    case 'fixed':
      writeFixed(vector, slice, layout.perRow)
      break
    case 'bytes':
      fillStrings(vector, offsetsOf(slice), bytesOf(column))
      break
    case 'list':
      writeLists(vector, type, slice)
      break
    case 'array': {
      const items = { column: childOf(column, 0), from: from * layout.size, rows: rows * layout.size }
      const itemMask = validity === null ? null : repeatBits(validity, rows, layout.size)
      for (const item of types) write(duckdb.array_vector_get_child(vector), item, items, itemMask)
      break
    }
    case 'struct':
      writeFields(vector, types, slice, validity)
      break
    case 'union':
      writeUnion(vector, types, slice, validity)
      break
  }
  writeValidity(vector, validity, rows)
}

function writeFixed(vector: Vector, { column, from, rows }: Slice, perRow: number): void {
  const { values } = column
  if (values === null || values.length < (from + rows) * perRow) throw malformed('has too few values')
  const { buffer } = values
  if (!(buffer instanceof ArrayBuffer)) throw malformed('lies in shared memory')
  const width = values.BYTES_PER_ELEMENT * perRow
  duckdb.copy_data_to_vector(vector, 0, buffer, values.byteOffset + from * width, rows * width)
}

function writeFields(
  vector: Vector,
  types: readonly DataType[],
  slice: Slice,
  mask: Uint8Array | null,
): void {
  types.forEach((type, index) => {
    write(
      duckdb.struct_vector_get_child(vector, index),
      type,
      { ...slice, column: childOf(slice.column, index) },
      mask,
    )
  })
}

/** To DuckDB a union is a struct of the tags and its members, which are null but for the one that the tag names. */
function writeUnion(vector: Vector, types: readonly DataType[], slice: Slice, mask: Uint8Array | null): void {
  const { column, from, rows } = slice
  const tags = bytesOf(column)
  const tagVector = duckdb.struct_vector_get_child(vector, 0)
  writeFixed(tagVector, slice, 1)
  writeValidity(tagVector, mask, rows)
  types.forEach((type, index) => {
    const tagged = new Uint8Array(bitmapBytes(rows))
    for (let row = 0; row < rows; row++) if (tags[from + row] === index) tagged[row >> 3]! |= 1 << (row & 7)
    const member = { column: childOf(column, index), from, rows }
    write(duckdb.struct_vector_get_child(vector, index + 1), type, member, andBits(tagged, mask, rows))
  })
}

function writeLists(vector: Vector, type: DataType, slice: Slice): void {
  const offsets = offsetsOf(slice)
  const first = offsets[0] ?? 0
  const items = (offsets[slice.rows] ?? 0) - first
  duckdb.list_vector_reserve(vector, items)
  duckdb.list_vector_set_size(vector, items)
  fillLists(vector, offsets)
  if (items === 0) return
  const child = duckdb.list_vector_get_child(vector)
  const types = childTypes(type)
  if (type.kind !== 'map') {
    for (const item of types)
      write(child, item, { column: childOf(slice.column, 0), from: first, rows: items }, null)
    return
  }
  writeFields(child, types, { column: slice.column, from: first, rows: items }, null)
  writeValidity(child, null, items)
}

function writeValidity(vector: Vector, validity: Uint8Array | null, rows: number): void {
  if (validity === null) {
    // Null for a vector that never had a null row; else its bits may be those of earlier rows.
    const stale: Uint8Array | null = duckdb.vector_get_validity(vector, bitmapBytes(rows))
    if (stale !== null) copyValidity(vector, new Uint8Array(stale.length).fill(0xff))
    return
  }
  duckdb.vector_ensure_validity_writable(vector)
  copyValidity(vector, validity)
}

function copyValidity(vector: Vector, { buffer, byteOffset, length }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer)) throw malformed('lies in shared memory')
  duckdb.copy_data_to_vector_validity(vector, 0, buffer, byteOffset, length)
}

function offsetsOf({ column, from, rows }: Slice): Int32Array {
  if (column.offsets === null || column.offsets.length <= from + rows) throw malformed('has too few offsets')
  return column.offsets.subarray(from, from + rows + 1)
}

function bytesOf({ values }: ColumnData): Uint8Array {
  if (!(values instanceof Uint8Array)) throw malformed('has no bytes')
  return values
}

function childOf({ children }: ColumnData, index: number): ColumnData {
  const child = children[index]
  if (child === undefined) throw malformed(`has ${children.length} children`)
  return child
}

function malformed(what: string): EngineError {
  return new EngineError('INTERNAL', `a column to be written to DuckDB ${what}`)
}
