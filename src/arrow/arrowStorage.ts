import type * as arrow from 'apache-arrow'
import { type DataType, isSimpleType, type SimpleKind, type SimpleType } from '../base/dataType.ts'
import { childTypes } from './layout.ts'
import { library } from './library.ts'
import { type TimestampKind, unitsPerSecond } from './temporal.ts'

/** Units of Arrow's timestamps and times in a second, by `TimeUnit`. */
export const arrowUnitsPerSecond: readonly number[] = [1, 1e3, 1e6, 1e9]

/** Whether a column of a type can be read, without loss, from data that Arrow keeps as `storage`. */
export function canRead(type: DataType, storage: arrow.DataType): boolean {
  const { DataType: is } = library
  if (is.isDictionary(storage)) return canRead(type, storage.dictionary)
  if (isSimpleType(type)) return canReadSimple(type, storage)
  switch (type.kind) {
    case 'decimal':
      return is.isDecimal(storage) && storage.bitWidth === 128 && storage.scale === type.scale
    case 'enum':
      return isTextStorage(storage)
    case 'list':
      return (
        (is.isList(storage) || is.isLargeList(storage)) && canReadChildren(childTypes(type), storage.children)
      )
    case 'array':
      return (
        is.isFixedSizeList(storage) &&
        storage.listSize === type.size &&
        canReadChildren(childTypes(type), storage.children)
      )
    case 'struct':
      return is.isStruct(storage) && canReadChildren(childTypes(type), storage.children)
    case 'map':
      return is.isMap(storage) && canReadChildren(childTypes(type), entryFields(storage))
    case 'union':
      return (
        is.isStruct(storage) && canReadChildren([{ kind: 'utinyint' }, ...childTypes(type)], storage.children)
      )
  }
}

export function entryFields(storage: arrow.DataType): readonly arrow.Field[] {
  const entries: arrow.DataType | undefined = storage.children[0]?.type
  return entries?.children ?? []
}

function canReadChildren(types: readonly DataType[], fields: readonly arrow.Field[]): boolean {
  return types.length === fields.length && types.every((type, index) => canRead(type, fields[index]!.type))
}

export function isTextStorage(storage: arrow.DataType): boolean {
  const { DataType: is } = library
  return is.isUtf8(storage) || is.isLargeUtf8(storage) || is.isUtf8View(storage)
}

export function isBytesStorage(storage: arrow.DataType): boolean {
  const { DataType: is } = library
  return is.isBinary(storage) || is.isLargeBinary(storage) || is.isBinaryView(storage)
}

function hasBytes(storage: arrow.DataType, byteWidth: number): boolean {
  return library.DataType.isFixedSizeBinary(storage) && storage.byteWidth === byteWidth
}

function isInt(bitWidth: number, isSigned: boolean): (storage: arrow.DataType) => boolean {
  return (storage) =>
    library.DataType.isInt(storage) && storage.bitWidth === bitWidth && storage.isSigned === isSigned
}

const wide = (storage: arrow.DataType): boolean => hasBytes(storage, 16)

/** Timestamps of coarser units are widened; those with a time zone are rounded down to microseconds. */
function isTimestamp(kind: TimestampKind): (storage: arrow.DataType) => boolean {
  return (storage) => {
    if (kind === 'timestamp_ms' && library.DataType.isDate(storage)) {
      return storage.unit === library.DateUnit.MILLISECOND
    }
    if (!library.DataType.isTimestamp(storage)) return false
    const zoned = storage.timezone !== null && storage.timezone !== undefined
    if (kind === 'timestamp_tz') return zoned
    return !zoned && arrowUnitsPerSecond[storage.unit]! <= unitsPerSecond[kind]
  }
}

const simpleStorage: Readonly<Record<SimpleKind, (storage: arrow.DataType) => boolean>> = {
  null: (storage) => library.DataType.isNull(storage),
  boolean: (storage) => library.DataType.isBool(storage),
  tinyint: isInt(8, true),
  smallint: isInt(16, true),
  integer: isInt(32, true),
  bigint: isInt(64, true),
  hugeint: wide,
  utinyint: isInt(8, false),
  usmallint: isInt(16, false),
  uinteger: isInt(32, false),
  ubigint: isInt(64, false),
  uhugeint: wide,
  float: (storage) => library.DataType.isFloat(storage) && storage.precision !== library.Precision.DOUBLE,
  double: (storage) => library.DataType.isFloat(storage) && storage.precision === library.Precision.DOUBLE,
  bignum: isBytesStorage,
  varchar: isTextStorage,
  json: isTextStorage,
  blob: (storage) => isBytesStorage(storage) || library.DataType.isFixedSizeBinary(storage),
  bit: isBytesStorage,
  geometry: isBytesStorage,
  uuid: wide,
  date: (storage) => library.DataType.isDate(storage) && storage.unit === library.DateUnit.DAY,
  time: (storage) => library.DataType.isTime(storage) && storage.unit !== library.TimeUnit.NANOSECOND,
  time_ns: (storage) => library.DataType.isTime(storage) && storage.unit === library.TimeUnit.NANOSECOND,
  time_tz: (storage) => hasBytes(storage, 8),
  timestamp: isTimestamp('timestamp'),
  timestamp_s: isTimestamp('timestamp_s'),
  timestamp_ms: isTimestamp('timestamp_ms'),
  timestamp_ns: isTimestamp('timestamp_ns'),
  timestamp_tz: isTimestamp('timestamp_tz'),
  interval: wide,
}

function canReadSimple({ kind }: SimpleType, storage: arrow.DataType): boolean {
  return simpleStorage[kind](storage)
}
