import duckdb, { type LogicalType, type Type as TypeId } from '@duckdb/node-bindings'
import { type DataType, isSimpleType, type SimpleKind } from '../../base/dataType.ts'
import { EngineError } from '../../base/errors.ts'
import { simpleKinds } from '../../base/typeNames.ts'

const { Type } = duckdb

const typeIds: Readonly<Record<SimpleKind, TypeId>> = {
  null: Type.SQLNULL,
  boolean: Type.BOOLEAN,
  tinyint: Type.TINYINT,
  smallint: Type.SMALLINT,
  integer: Type.INTEGER,
  bigint: Type.BIGINT,
  hugeint: Type.HUGEINT,
  utinyint: Type.UTINYINT,
  usmallint: Type.USMALLINT,
  uinteger: Type.UINTEGER,
  ubigint: Type.UBIGINT,
  uhugeint: Type.UHUGEINT,
  float: Type.FLOAT,
  double: Type.DOUBLE,
  bignum: Type.BIGNUM,
  varchar: Type.VARCHAR,
  json: Type.VARCHAR,
  blob: Type.BLOB,
  bit: Type.BIT,
  geometry: Type.GEOMETRY,
  uuid: Type.UUID,
  date: Type.DATE,
  time: Type.TIME,
  time_ns: Type.TIME_NS,
  time_tz: Type.TIME_TZ,
  timestamp: Type.TIMESTAMP,
  timestamp_s: Type.TIMESTAMP_S,
  timestamp_ms: Type.TIMESTAMP_MS,
  timestamp_ns: Type.TIMESTAMP_NS,
  timestamp_tz: Type.TIMESTAMP_TZ,
  interval: Type.INTERVAL,
}

const known = new WeakMap<DataType, LogicalType>()

/** DuckDB's own description of a type. An enum may have many thousand values, so what was made for a type object is kept. */
export function logicalType(type: DataType): LogicalType {
  let logical = known.get(type)
  if (logical === undefined) {
    logical = create(type)
    known.set(type, logical)
  }
  return logical
}

function create(type: DataType): LogicalType {
  if (isSimpleType(type)) {
    const logical = duckdb.create_logical_type(typeIds[type.kind])
    if (type.kind === 'json') duckdb.logical_type_set_alias(logical, 'JSON')
    return logical
  }
  switch (type.kind) {
    case 'decimal':
      return duckdb.create_decimal_type(type.width, type.scale)
    case 'enum':
      return duckdb.create_enum_type(type.values)
    case 'list':
      return duckdb.create_list_type(logicalType(type.item))
    case 'array':
      return duckdb.create_array_type(logicalType(type.item), type.size)
    case 'map':
      return duckdb.create_map_type(logicalType(type.key), logicalType(type.value))
    case 'struct':
      return duckdb.create_struct_type(
        type.fields.map((field) => logicalType(field.type)),
        type.fields.map((field) => field.name),
      )
    case 'union':
      return duckdb.create_union_type(
        type.members.map((member) => logicalType(member.type)),
        type.members.map((member) => member.name),
      )
  }
}

/** The type that DuckDB describes so. Aliases other than JSON, such as the names of enums, and a geometry's CRS are dropped. */
export function dataTypeOf(logical: LogicalType): DataType {
  const id = duckdb.get_type_id(logical)
  const read = readers.get(id)
  if (read !== undefined) return read(logical)
  throw new EngineError('TYPE_UNSUPPORTED', `values of DuckDB's type ${Type[id]} cannot leave DuckDB`, {
    hint: 'cast them to JSON or VARCHAR first',
  })
}

type ReadType = (logical: LogicalType) => DataType

const readers: ReadonlyMap<TypeId, ReadType> = new Map<TypeId, ReadType>([
  ...simpleKinds.map((kind): [TypeId, ReadType] => [typeIds[kind], () => ({ kind })]),
  [
    Type.VARCHAR,
    (logical) => ({ kind: duckdb.logical_type_get_alias(logical) === 'JSON' ? 'json' : 'varchar' }),
  ],
  [
    Type.DECIMAL,
    (logical) => ({
      kind: 'decimal',
      width: duckdb.decimal_width(logical),
      scale: duckdb.decimal_scale(logical),
    }),
  ],
  [
    Type.ENUM,
    (logical) => ({
      kind: 'enum',
      values: list(duckdb.enum_dictionary_size(logical), (code) =>
        duckdb.enum_dictionary_value(logical, code),
      ),
    }),
  ],
  [Type.LIST, (logical) => ({ kind: 'list', item: dataTypeOf(duckdb.list_type_child_type(logical)) })],
  [
    Type.ARRAY,
    (logical) => ({
      kind: 'array',
      item: dataTypeOf(duckdb.array_type_child_type(logical)),
      size: duckdb.array_type_array_size(logical),
    }),
  ],
  [
    Type.MAP,
    (logical) => ({
      kind: 'map',
      key: dataTypeOf(duckdb.map_type_key_type(logical)),
      value: dataTypeOf(duckdb.map_type_value_type(logical)),
    }),
  ],
  [
    Type.STRUCT,
    (logical) => ({
      kind: 'struct',
      fields: list(duckdb.struct_type_child_count(logical), (index) => ({
        name: duckdb.struct_type_child_name(logical, index),
        type: dataTypeOf(duckdb.struct_type_child_type(logical, index)),
      })),
    }),
  ],
  [
    Type.UNION,
    (logical) => ({
      kind: 'union',
      members: list(duckdb.union_type_member_count(logical), (index) => ({
        name: duckdb.union_type_member_name(logical, index),
        type: dataTypeOf(duckdb.union_type_member_type(logical, index)),
      })),
    }),
  ],
])

function list<Item>(length: number, item: (index: number) => Item): readonly Item[] {
  return Array.from({ length }, (_, index) => item(index))
}
