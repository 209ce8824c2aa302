import type { DataType } from '../base/dataType.ts'

export type FixedWidthArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/**
 * A column of one batch in Arrow's layout, as plain buffers that can be transferred between threads. Its type travels apart,
 * once for each stream. Every buffer is an ArrayBuffer of its own, never a slice of a shared pool.
 *
 * | types | offsets | values | children |
 * |---|---|---|---|
 * | boolean | | one byte a row, 0 or 1 | |
 * | numbers, date, time, timestamps, decimal up to width 18, enum codes | | one item a row | |
 * | hugeint, uhugeint, uuid, decimal over width 18 | | BigUint64Array, two items a row: low, high, as DuckDB stores them | |
 * | interval | | BigUint64Array, two items a row: months and days (int32 each), then microseconds | |
 * | varchar, json, blob, bit, bignum, geometry | length + 1 | bytes | |
 * | list | length + 1 | | the items |
 * | map | length + 1 | | keys, values |
 * | array | | | the items, size a row |
 * | struct | | | one a field |
 * | union | | Uint8Array of member indexes, one a row | one a member, each of full length |
 * | null | | | |
 *
 * What `values` and children hold at a null row is unspecified, but lies within bounds.
 */
export interface ColumnData {
  readonly length: number
  readonly nullCount: number
  /** Arrow's bitmap, least significant bit first, 1 for valid; null if no row is null. */
  readonly validity: Uint8Array | null
  readonly offsets: Int32Array | null
  readonly values: FixedWidthArray | null
  readonly children: readonly ColumnData[]
}

/** Columns of equal length. */
export interface Batch {
  readonly length: number
  readonly columns: readonly ColumnData[]
}

export function isValid(column: ColumnData, row: number): boolean {
  return column.validity === null || ((column.validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0
}

/** The buffers of some columns, each once, to hand over with postMessage. */
export function transferables(columns: readonly ColumnData[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  collectBuffers(columns, buffers)
  return [...buffers]
}

function collectBuffers(columns: readonly ColumnData[], into: Set<ArrayBuffer>): void {
  for (const { validity, offsets, values, children } of columns) {
    for (const view of [validity, offsets, values]) {
      if (view !== null && view.buffer instanceof ArrayBuffer && view.byteLength > 0) into.add(view.buffer)
    }
    collectBuffers(children, into)
  }
}

/** Bytes that the buffers of a column hold. */
export function byteSize(column: ColumnData): number {
  const own =
    (column.validity?.byteLength ?? 0) + (column.offsets?.byteLength ?? 0) + (column.values?.byteLength ?? 0)
  return column.children.reduce((sum, child) => sum + byteSize(child), own)
}

/** Items of `values` that one row takes, for the fixed-width types. */
export function valuesPerRow(type: DataType): 1 | 2 {
  const wide =
    type.kind === 'hugeint' || type.kind === 'uhugeint' || type.kind === 'uuid' || type.kind === 'interval'
  return wide || (type.kind === 'decimal' && type.width > 18) ? 2 : 1
}
