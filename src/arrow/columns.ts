import type { DataType } from '../base/dataType.ts'
import { bitmapBytes, copyBits, setBits, sliceBits } from './bitmap.ts'
import type { ColumnData, FixedWidthArray } from './column.ts'
import { childTypes, type FixedWidthConstructor, layoutOf } from './layout.ts'
import { checkedOffset, rebaseOffsets } from './offsets.ts'
import { bytesOf, takeRows, withValidity } from './takeRows.ts'

// Every column made here has buffers of its own, so that it can be transferred while its source stays.

/** The rows [from, from + rows), copied. */
export function sliceColumn(type: DataType, column: ColumnData, from: number, rows: number): ColumnData {
  const layout = layoutOf(type)
  const types = childTypes(type)
  const validity = column.validity === null ? null : sliceBits(column.validity, from, rows)
  const parts = withValidity(rows, validity)
  switch (layout.kind) {
    case 'null':
      return parts
    case 'fixed':
      return { ...parts, values: column.values!.slice(from * layout.perRow, (from + rows) * layout.perRow) }
    case 'bytes': {
      const offsets = column.offsets!.subarray(from, from + rows + 1)
      return {
        ...parts,
        offsets: rebaseOffsets(offsets),
        values: column.values!.slice(offsets[0], offsets[rows]),
      }
    }
    case 'list': {
      const offsets = column.offsets!.subarray(from, from + rows + 1)
      const first = offsets[0]!
      const children = types.map((item, index) =>
        sliceColumn(item, column.children[index]!, first, offsets[rows]! - first),
      )
      return { ...parts, offsets: rebaseOffsets(offsets), children }
    }
    case 'array': {
      const { size } = layout
      return {
        ...parts,
        children: types.map((item) => sliceColumn(item, column.children[0]!, from * size, rows * size)),
      }
    }
    case 'struct':
    case 'union': {
      const children = types.map((child, index) => sliceColumn(child, column.children[index]!, from, rows))
      return { ...parts, values: column.values?.slice(from, from + rows) ?? null, children }
    }
  }
}

/** The rows of all columns, one column behind the other. */
export function concatColumns(type: DataType, columns: readonly ColumnData[]): ColumnData {
  const [first] = columns
  if (first === undefined) return nullColumn(type, 0)
  if (columns.length === 1) return sliceColumn(type, first, 0, first.length)
  const layout = layoutOf(type)
  const parts = withValidity(
    sum(columns, ({ length }) => length),
    concatValidity(columns),
  )
  const children = childTypes(type).map((child, index) =>
    concatColumns(
      child,
      columns.map((column) => ownChild(child, column, index)),
    ),
  )
  switch (layout.kind) {
    case 'null':
      return parts
    case 'fixed':
      return {
        ...parts,
        values: concatValues(
          layout.array,
          columns.map((column) => column.values!),
        ),
      }
    case 'bytes': {
      const texts = columns.map(({ values, offsets, length }) =>
        values!.subarray(offsets![0], offsets![length]),
      )
      return {
        ...parts,
        offsets: concatOffsets(columns, 'bytes of text'),
        values: concatValues(Uint8Array, texts),
      }
    }
    case 'list':
      return { ...parts, offsets: concatOffsets(columns, 'items of lists'), children }
    case 'array':
    case 'struct':
      return { ...parts, children }
    case 'union':
      return {
        ...parts,
        values: concatValues(
          Uint8Array,
          columns.map((column) => column.values!),
        ),
        children,
      }
  }
}

/** The rows at these places, in their order; one may be there many times. */
export function filterColumn(type: DataType, column: ColumnData, rows: Int32Array): ColumnData {
  return takeRows(type, column, rows)
}

/** A column and the rows of the result that its rows become. */
export interface ScatterPart {
  readonly rows: Int32Array
  readonly column: ColumnData
}

/** The rows of all parts in their places; places that no part fills are null. */
export function scatterColumn(type: DataType, parts: readonly ScatterPart[], length: number): ColumnData {
  const places = new Int32Array(length).fill(-1)
  let source = 0
  for (const { rows } of parts) for (let k = 0; k < rows.length; k++) places[rows[k]!] = source++
  const [only] = parts
  const column =
    parts.length === 1 && only !== undefined
      ? only.column
      : concatColumns(
          type,
          parts.map((part) => part.column),
        )
  return takeRows(type, column, places)
}

/** So many rows, all null. */
export function nullColumn(type: DataType, length: number): ColumnData {
  const layout = layoutOf(type)
  const parts = withValidity(length, new Uint8Array(bitmapBytes(length)))
  const children = childTypes(type).map((child) =>
    nullColumn(child, layout.kind === 'list' ? 0 : layout.kind === 'array' ? length * layout.size : length),
  )
  const offsets = layout.kind === 'list' || layout.kind === 'bytes' ? new Int32Array(length + 1) : null
  switch (layout.kind) {
    case 'fixed':
      return { ...parts, values: new layout.array(length * layout.perRow) }
    case 'bytes':
      return { ...parts, offsets, values: new Uint8Array(0) }
    case 'union':
      return { ...parts, values: new Uint8Array(length), children }
    case 'null':
    case 'list':
    case 'array':
    case 'struct':
      return { ...parts, offsets, children }
  }
}

/** All rows of a column, so many times over. */
export function repeatColumn(type: DataType, column: ColumnData, times: number): ColumnData {
  const rows = new Int32Array(column.length * times)
  for (let k = 0; k < rows.length; k++) rows[k] = k % column.length
  return takeRows(type, column, rows)
}

/** The items that a list column shows, or the rows of a child. */
function ownChild(type: DataType, { offsets, children, length }: ColumnData, index: number): ColumnData {
  const child = children[index]!
  if (offsets === null) return child
  const first = offsets[0]!
  const rows = offsets[length]! - first
  return rows === child.length ? child : sliceColumn(type, child, first, rows)
}

function concatValidity(columns: readonly ColumnData[]): Uint8Array | null {
  if (columns.every(({ validity }) => validity === null)) return null
  const bitmap = new Uint8Array(bitmapBytes(sum(columns, ({ length }) => length)))
  let row = 0
  for (const { validity, length } of columns) {
    if (validity === null) setBits(bitmap, row, row + length)
    else copyBits({ bitmap: validity, row: 0 }, { bitmap, row }, length)
    row += length
  }
  return bitmap
}

function concatOffsets(columns: readonly ColumnData[], what: string): Int32Array {
  const joined = new Int32Array(sum(columns, ({ length }) => length) + 1)
  let row = 0
  let end = 0
  for (const { offsets, length } of columns) {
    const shift = end - offsets![0]!
    end = checkedOffset(shift + offsets![length]!, what)
    for (let k = 1; k <= length; k++) joined[++row] = offsets![k]! + shift
  }
  return joined
}

function concatValues(array: FixedWidthConstructor, parts: readonly FixedWidthArray[]): FixedWidthArray {
  const joined = new array(sum(parts, ({ length }) => length))
  const bytes = bytesOf(joined)
  let at = 0
  for (const part of parts) {
    bytes.set(bytesOf(part), at)
    at += part.byteLength
  }
  return joined
}

function sum<Item>(items: readonly Item[], size: (item: Item) => number): number {
  return items.reduce((total, item) => total + size(item), 0)
}
