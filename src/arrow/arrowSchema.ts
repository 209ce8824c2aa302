import type * as arrow from 'apache-arrow'
import { type DataType, type Field, isSimpleType, type Schema, type SimpleKind } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { formatType } from '../base/formatType.ts'
import { parseType } from '../base/parseType.ts'
import { isBytesStorage, isTextStorage } from './arrowStorage.ts'
import { library } from './library.ts'

/** Where a field says which extension type its storage stands for. */
const EXTENSION_NAME = 'ARROW:extension:name'
const EXTENSION_METADATA = 'ARROW:extension:metadata'
/** Extensions of our own: their metadata is the type in DuckDB's words. */
const DUCKDB = 'duckdb.'

const simpleTypes: Readonly<Record<SimpleKind, () => arrow.DataType>> = {
  null: () => new library.Null(),
  boolean: () => new library.Bool(),
  tinyint: () => new library.Int8(),
  smallint: () => new library.Int16(),
  integer: () => new library.Int32(),
  bigint: () => new library.Int64(),
  hugeint: () => new library.FixedSizeBinary(16),
  utinyint: () => new library.Uint8(),
  usmallint: () => new library.Uint16(),
  uinteger: () => new library.Uint32(),
  ubigint: () => new library.Uint64(),
  uhugeint: () => new library.FixedSizeBinary(16),
  float: () => new library.Float32(),
  double: () => new library.Float64(),
  bignum: () => new library.Binary(),
  varchar: () => new library.Utf8(),
  json: () => new library.Utf8(),
  blob: () => new library.Binary(),
  bit: () => new library.Binary(),
  geometry: () => new library.Binary(),
  uuid: () => new library.FixedSizeBinary(16),
  date: () => new library.DateDay(),
  time: () => new library.TimeMicrosecond(),
  time_ns: () => new library.TimeNanosecond(),
  time_tz: () => new library.FixedSizeBinary(8),
  timestamp: () => new library.TimestampMicrosecond(),
  timestamp_s: () => new library.TimestampSecond(),
  timestamp_ms: () => new library.TimestampMillisecond(),
  timestamp_ns: () => new library.TimestampNanosecond(),
  timestamp_tz: () => new library.TimestampMicrosecond('UTC'),
  interval: () => new library.FixedSizeBinary(16),
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
  // Elsewhere a dictionary is no more than a way to keep texts.
  enum: 'duckdb.enum',
}

const known = new WeakMap<Schema, arrow.Schema>()

/** The same for the same columns, so that the dictionaries of all batches of a result are one. */
export function toArrowSchema(schema: Schema): arrow.Schema {
  let made = known.get(schema)
  if (made === undefined) {
    made = new library.Schema(schema.map(toArrowField))
    known.set(schema, made)
  }
  return made
}

export function toArrowField({ name, type }: Field): arrow.Field {
  const extension = extensions[type.kind]
  const metadata = new Map<string, string>()
  if (extension !== undefined) {
    metadata.set(EXTENSION_NAME, extension)
    metadata.set(EXTENSION_METADATA, extension.startsWith(DUCKDB) ? formatType(type) : '')
  }
  return new library.Field(name, arrowTypeOf(type), true, metadata)
}

/** The storage of a type in Arrow; a union is a struct of its tag and its members. */
export function arrowTypeOf(type: DataType): arrow.DataType {
  if (isSimpleType(type)) return simpleTypes[type.kind]()
  switch (type.kind) {
    case 'decimal':
      return new library.Decimal(type.scale, type.width, 128)
    case 'enum':
      return new library.Dictionary(new library.Utf8(), codeType(type.values.length))
    case 'list':
      return new library.List(toArrowField({ name: 'item', type: type.item }))
    case 'array':
      return new library.FixedSizeList(type.size, toArrowField({ name: 'item', type: type.item }))
    case 'struct':
      return new library.Struct(type.fields.map(toArrowField))
    case 'map': {
      const { type: keyType, metadata } = toArrowField({ name: 'key', type: type.key })
      const key: arrow.Field = new library.Field('key', keyType, false, metadata)
      const value = toArrowField({ name: 'value', type: type.value })
      const entries: arrow.Struct = new library.Struct([key, value])
      return new library.Map_(new library.Field('entries', entries, false))
    }
    case 'union':
      return new library.Struct([
        new library.Field('tag', new library.Uint8(), true),
        ...type.members.map(toArrowField),
      ])
  }
}

function codeType(values: number): arrow.Uint8 | arrow.Uint16 | arrow.Uint32 {
  if (values <= 0xff) return new library.Uint8()
  return values <= 0xffff ? new library.Uint16() : new library.Uint32()
}

/** The columns of Arrow data. Throws TYPE_UNSUPPORTED for a type that DuckDB has no like of. */
export function schemaOfArrow(schema: arrow.Schema): Schema {
  return schema.fields.map(fieldOf)
}

/** What the field says it stands for, or else what its storage is; the dictionary of another program holds texts. */
export function dataTypeOfField(field: arrow.Field): DataType {
  const extension = field.metadata.get(EXTENSION_NAME)
  if (extension === 'arrow.uuid') return { kind: 'uuid' }
  if (extension === 'arrow.json') return { kind: 'json' }
  const words = field.metadata.get(EXTENSION_METADATA)
  if (extension?.startsWith(DUCKDB) === true && words !== undefined) return typeInWords(field.name, words)
  return dataTypeOfArrow(field.type)
}

function typeInWords(name: string, words: string): DataType {
  try {
    return parseType(words)
  } catch (error) {
    throw new EngineError(
      'ARROW_INVALID',
      `Arrow field '${name}' says that its type is '${words}'`,
      {},
      error,
    )
  }
}

export function dataTypeOfArrow(type: arrow.DataType): DataType {
  if (library.DataType.isInt(type)) return { kind: intKind(type.bitWidth, type.isSigned) }
  if (library.DataType.isFloat(type))
    return { kind: type.precision === library.Precision.DOUBLE ? 'double' : 'float' }
  if (library.DataType.isTimestamp(type)) return timestampType(type)
  if (library.DataType.isTime(type))
    return { kind: type.unit === library.TimeUnit.NANOSECOND ? 'time_ns' : 'time' }
  if (isSmallDecimal(type)) return { kind: 'decimal', width: type.precision, scale: type.scale }
  if (isTextStorage(type)) return { kind: 'varchar' }
  if (isBytesStorage(type) || library.DataType.isFixedSizeBinary(type)) return { kind: 'blob' }
  if (library.DataType.isBool(type)) return { kind: 'boolean' }
  if (library.DataType.isNull(type)) return { kind: 'null' }
  if (library.DataType.isDate(type))
    return { kind: type.unit === library.DateUnit.DAY ? 'date' : 'timestamp_ms' }
  if (library.DataType.isDictionary(type)) return dataTypeOfArrow(type.dictionary)
  return nestedType(type)
}

/** DuckDB's decimals have 38 digits at most, all of them after the point at most. */
function isSmallDecimal(type: arrow.DataType): type is arrow.Decimal {
  if (!library.DataType.isDecimal(type)) return false
  return type.bitWidth === 128 && type.precision <= 38 && type.scale >= 0 && type.scale <= type.precision
}

function nestedType(type: arrow.DataType): DataType {
  if (library.DataType.isList(type) || library.DataType.isLargeList(type))
    return { kind: 'list', item: dataTypeOfField(type.children[0]!) }
  if (library.DataType.isFixedSizeList(type)) {
    return { kind: 'array', item: dataTypeOfField(type.children[0]!), size: type.listSize }
  }
  if (library.DataType.isStruct(type)) return { kind: 'struct', fields: type.children.map(fieldOf) }
  if (library.DataType.isMap(type)) {
    const [key, value] = (type.children[0]!.type as arrow.Struct).children
    return { kind: 'map', key: dataTypeOfField(key!), value: dataTypeOfField(value!) }
  }
  throw new EngineError(
    'TYPE_UNSUPPORTED',
    `Arrow's ${library.Type[type.typeId]} has no type in DuckDB that it could become`,
  )
}

function fieldOf(field: arrow.Field): Field {
  // Null for an empty name in a file, whatever apache-arrow's types say.
  const name: string | null = field.name
  return { name: name ?? '', type: dataTypeOfField(field) }
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
