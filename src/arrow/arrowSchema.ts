import * as arrow from 'apache-arrow'
import { type DataType, type Field, isSimpleType, type Schema, type SimpleKind } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { formatType } from '../base/formatType.ts'
import { parseType } from '../base/parseType.ts'

/** Where a field says which extension type its storage stands for. */
const EXTENSION_NAME = 'ARROW:extension:name'
const EXTENSION_METADATA = 'ARROW:extension:metadata'
/** Extensions of our own: their metadata is the type in DuckDB's words. */
const DUCKDB = 'duckdb.'

const simpleTypes: Readonly<Record<SimpleKind, () => arrow.DataType>> = {
  null: () => new arrow.Null(),
  boolean: () => new arrow.Bool(),
  tinyint: () => new arrow.Int8(),
  smallint: () => new arrow.Int16(),
  integer: () => new arrow.Int32(),
  bigint: () => new arrow.Int64(),
  hugeint: () => new arrow.FixedSizeBinary(16),
  utinyint: () => new arrow.Uint8(),
  usmallint: () => new arrow.Uint16(),
  uinteger: () => new arrow.Uint32(),
  ubigint: () => new arrow.Uint64(),
  uhugeint: () => new arrow.FixedSizeBinary(16),
  float: () => new arrow.Float32(),
  double: () => new arrow.Float64(),
  bignum: () => new arrow.Binary(),
  varchar: () => new arrow.Utf8(),
  json: () => new arrow.Utf8(),
  blob: () => new arrow.Binary(),
  bit: () => new arrow.Binary(),
  geometry: () => new arrow.Binary(),
  uuid: () => new arrow.FixedSizeBinary(16),
  date: () => new arrow.DateDay(),
  time: () => new arrow.TimeMicrosecond(),
  time_ns: () => new arrow.TimeNanosecond(),
  time_tz: () => new arrow.FixedSizeBinary(8),
  timestamp: () => new arrow.TimestampMicrosecond(),
  timestamp_s: () => new arrow.TimestampSecond(),
  timestamp_ms: () => new arrow.TimestampMillisecond(),
  timestamp_ns: () => new arrow.TimestampNanosecond(),
  timestamp_tz: () => new arrow.TimestampMicrosecond('UTC'),
  interval: () => new arrow.FixedSizeBinary(16),
}

/** Types that Arrow keeps as another one, by the name of the extension. */
const extensions: Partial<Record<DataType['kind'], string>> = {
  uuid: 'arrow.uuid',
  json: 'arrow.json',
  hugeint: 'duckdb.hugeint',
  uhugeint: 'duckdb.uhugeint',
  bignum: 'duckdb.bignum',
  bit: 'duckdb.bit',
  geometry: 'duckdb.geometry',
  time_tz: 'duckdb.time_tz',
  interval: 'duckdb.interval',
  union: 'duckdb.union',
}

export function toArrowSchema(schema: Schema): arrow.Schema {
  return new arrow.Schema(schema.map(toArrowField))
}

export function toArrowField({ name, type }: Field): arrow.Field {
  const extension = extensions[type.kind]
  const metadata = new Map<string, string>()
  if (extension !== undefined) {
    metadata.set(EXTENSION_NAME, extension)
    metadata.set(EXTENSION_METADATA, extension.startsWith(DUCKDB) ? formatType(type) : '')
  }
  return new arrow.Field(name, arrowTypeOf(type), true, metadata)
}

/** The storage of a type in Arrow; a union is a struct of its tag and its members. */
export function arrowTypeOf(type: DataType): arrow.DataType {
  if (isSimpleType(type)) return simpleTypes[type.kind]()
  switch (type.kind) {
    case 'decimal':
      return new arrow.Decimal(type.scale, type.width, 128)
    case 'enum':
      return new arrow.Dictionary(new arrow.Utf8(), codeType(type.values.length))
    case 'list':
      return new arrow.List(toArrowField({ name: 'item', type: type.item }))
    case 'array':
      return new arrow.FixedSizeList(type.size, toArrowField({ name: 'item', type: type.item }))
    case 'struct':
      return new arrow.Struct(type.fields.map(toArrowField))
    case 'map': {
      const { type: keyType, metadata } = toArrowField({ name: 'key', type: type.key })
      const key: arrow.Field = new arrow.Field('key', keyType, false, metadata)
      const value = toArrowField({ name: 'value', type: type.value })
      const entries: arrow.Struct = new arrow.Struct([key, value])
      return new arrow.Map_(new arrow.Field('entries', entries, false))
    }
    case 'union':
      return new arrow.Struct([
        new arrow.Field('tag', new arrow.Uint8(), true),
        ...type.members.map(toArrowField),
      ])
  }
}

function codeType(values: number): arrow.Uint8 | arrow.Uint16 | arrow.Uint32 {
  if (values <= 0xff) return new arrow.Uint8()
  return values <= 0xffff ? new arrow.Uint16() : new arrow.Uint32()
}

/** The columns of Arrow data. Throws TYPE_UNSUPPORTED for a type that DuckDB has no like of. */
export function schemaOfArrow(schema: arrow.Schema): Schema {
  return schema.fields.map((field) => ({ name: field.name, type: dataTypeOfField(field) }))
}

/** The values of an enum are those of its dictionary, which only the data has: such a column is text. */
export function dataTypeOfField(field: arrow.Field): DataType {
  const extension = field.metadata.get(EXTENSION_NAME)
  if (extension === 'arrow.uuid') return { kind: 'uuid' }
  if (extension === 'arrow.json') return { kind: 'json' }
  const words = field.metadata.get(EXTENSION_METADATA)
  if (extension?.startsWith(DUCKDB) === true && words !== undefined) return parseType(words)
  return dataTypeOfArrow(field.type)
}

export function dataTypeOfArrow(type: arrow.DataType): DataType {
  if (arrow.DataType.isInt(type)) return { kind: intKind(type.bitWidth, type.isSigned) }
  if (arrow.DataType.isFloat(type))
    return { kind: type.precision === arrow.Precision.DOUBLE ? 'double' : 'float' }
  if (arrow.DataType.isTimestamp(type)) return timestampType(type)
  if (arrow.DataType.isTime(type))
    return { kind: type.unit === arrow.TimeUnit.NANOSECOND ? 'time_ns' : 'time' }
  if (arrow.DataType.isDecimal(type)) return { kind: 'decimal', width: type.precision, scale: type.scale }
  if (arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type)) return { kind: 'varchar' }
  if (arrow.DataType.isBinary(type) || arrow.DataType.isLargeBinary(type)) return { kind: 'blob' }
  if (arrow.DataType.isFixedSizeBinary(type)) return { kind: 'blob' }
  if (arrow.DataType.isBool(type)) return { kind: 'boolean' }
  if (arrow.DataType.isNull(type)) return { kind: 'null' }
  if (arrow.DataType.isDate(type)) return { kind: type.unit === arrow.DateUnit.DAY ? 'date' : 'timestamp_ms' }
  if (arrow.DataType.isDictionary(type)) return dataTypeOfArrow(type.dictionary)
  return nestedType(type)
}

function nestedType(type: arrow.DataType): DataType {
  if (arrow.DataType.isList(type)) return { kind: 'list', item: dataTypeOfField(type.children[0]!) }
  if (arrow.DataType.isFixedSizeList(type)) {
    return { kind: 'array', item: dataTypeOfField(type.children[0]!), size: type.listSize }
  }
  if (arrow.DataType.isStruct(type)) return { kind: 'struct', fields: type.children.map(fieldOf) }
  if (arrow.DataType.isMap(type)) {
    const [key, value] = (type.children[0]!.type as arrow.Struct).children
    return { kind: 'map', key: dataTypeOfField(key!), value: dataTypeOfField(value!) }
  }
  throw new EngineError(
    'TYPE_UNSUPPORTED',
    `Arrow's ${String(type)} has no type in DuckDB that it could become`,
  )
}

function fieldOf(field: arrow.Field): Field {
  return { name: field.name, type: dataTypeOfField(field) }
}

function timestampType({ unit, timezone }: arrow.Timestamp): DataType {
  if (timezone !== null && timezone !== undefined) return { kind: 'timestamp_tz' }
  const kinds = ['timestamp_s', 'timestamp_ms', 'timestamp', 'timestamp_ns'] as const
  return { kind: kinds[unit] }
}

function intKind(bitWidth: number, isSigned: boolean): SimpleKind {
  const kind = ({ 8: 'tinyint', 16: 'smallint', 32: 'integer', 64: 'bigint' } as const)[
    bitWidth as 8 | 16 | 32 | 64
  ]
  return isSigned ? kind : `u${kind}`
}
