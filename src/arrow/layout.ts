import { type DataType, isSimpleType, type SimpleKind } from '../base/dataType.ts'
import type { FixedWidthArray } from './column.ts'

export interface FixedWidthConstructor {
  readonly BYTES_PER_ELEMENT: number
  new (length: number): FixedWidthArray
  new (buffer: ArrayBuffer, byteOffset: number, length: number): FixedWidthArray
}

/** How the buffers of a column of some type are laid out; the table in `column.ts` says the same in words. */
export type Layout =
  | { readonly kind: 'null' }
  | {
      readonly kind: 'fixed'
      readonly array: FixedWidthConstructor
      /** Items of `values` that one row takes. */
      readonly perRow: 1 | 2
    }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'list' }
  | { readonly kind: 'array'; readonly size: number }
  | { readonly kind: 'struct' }
  | { readonly kind: 'union' }

const nothing: Layout = { kind: 'null' }
const bytes: Layout = { kind: 'bytes' }
const list: Layout = { kind: 'list' }
const struct: Layout = { kind: 'struct' }
const union: Layout = { kind: 'union' }
const int8 = fixed(Int8Array)
const int16 = fixed(Int16Array)
const int32 = fixed(Int32Array)
const int64 = fixed(BigInt64Array)
const uint8 = fixed(Uint8Array)
const uint16 = fixed(Uint16Array)
const uint32 = fixed(Uint32Array)
const uint64 = fixed(BigUint64Array)
const wide = fixed(BigUint64Array, 2)

const simpleLayouts: Readonly<Record<SimpleKind, Layout>> = {
  null: nothing,
  boolean: uint8,
  tinyint: int8,
  smallint: int16,
  integer: int32,
  bigint: int64,
  hugeint: wide,
  utinyint: uint8,
  usmallint: uint16,
  uinteger: uint32,
  ubigint: uint64,
  uhugeint: wide,
  float: fixed(Float32Array),
  double: fixed(Float64Array),
  bignum: bytes,
  varchar: bytes,
  json: bytes,
  blob: bytes,
  bit: bytes,
  geometry: bytes,
  uuid: wide,
  date: int32,
  time: int64,
  time_ns: int64,
  time_tz: uint64,
  timestamp: int64,
  timestamp_s: int64,
  timestamp_ms: int64,
  timestamp_ns: int64,
  timestamp_tz: int64,
  interval: wide,
}

export function layoutOf(type: DataType): Layout {
  if (isSimpleType(type)) return simpleLayouts[type.kind]
  switch (type.kind) {
    case 'decimal':
      return decimalLayout(type.width)
    case 'enum':
      return enumLayout(type.values.length)
    case 'list':
    case 'map':
      return list
    case 'array':
      return { kind: 'array', size: type.size }
    case 'struct':
      return struct
    case 'union':
      return union
  }
}

/** The types of a column's children, in order. */
export function childTypes(type: DataType): readonly DataType[] {
  if (isSimpleType(type)) return []
  switch (type.kind) {
    case 'decimal':
    case 'enum':
      return []
    case 'list':
    case 'array':
      return [type.item]
    case 'map':
      return [type.key, type.value]
    case 'struct':
      return type.fields.map((field) => field.type)
    case 'union':
      return type.members.map((member) => member.type)
  }
}

function decimalLayout(width: number): Layout {
  if (width <= 4) return int16
  if (width <= 9) return int32
  return width <= 18 ? int64 : wide
}

function enumLayout(size: number): Layout {
  if (size <= 0xff) return uint8
  return size <= 0xffff ? uint16 : uint32
}

function fixed(array: FixedWidthConstructor, perRow: 1 | 2 = 1): Layout {
  return { kind: 'fixed', array, perRow }
}
