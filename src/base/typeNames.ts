import type { SimpleKind } from './dataType.ts'

const names: Readonly<Record<SimpleKind, readonly string[]>> = {
  null: ['NULL'],
  boolean: ['BOOLEAN', 'BOOL', 'LOGICAL'],
  tinyint: ['TINYINT', 'INT1'],
  smallint: ['SMALLINT', 'INT2', 'INT16', 'SHORT'],
  integer: ['INTEGER', 'INT', 'INT4', 'INT32', 'INTEGRAL', 'SIGNED'],
  bigint: ['BIGINT', 'INT8', 'INT64', 'LONG', 'OID'],
  hugeint: ['HUGEINT', 'INT128'],
  utinyint: ['UTINYINT', 'UINT8'],
  usmallint: ['USMALLINT', 'UINT16'],
  uinteger: ['UINTEGER', 'UINT32'],
  ubigint: ['UBIGINT', 'UINT64'],
  uhugeint: ['UHUGEINT', 'UINT128'],
  float: ['FLOAT', 'FLOAT4', 'REAL'],
  double: ['DOUBLE', 'FLOAT8', 'DOUBLE PRECISION'],
  bignum: ['BIGNUM', 'VARINT'],
  varchar: [
    'VARCHAR',
    'STRING',
    'TEXT',
    'CHAR',
    'BPCHAR',
    'NVARCHAR',
    'NCHAR',
    'CHARACTER',
    'CHAR VARYING',
    'CHARACTER VARYING',
    'NATIONAL CHARACTER',
    'NATIONAL CHARACTER VARYING',
    'NATIONAL CHAR',
    'NATIONAL CHAR VARYING',
  ],
  json: ['JSON'],
  blob: ['BLOB', 'BYTEA', 'BINARY', 'VARBINARY'],
  bit: ['BIT', 'BITSTRING'],
  geometry: ['GEOMETRY'],
  uuid: ['UUID', 'GUID'],
  date: ['DATE'],
  time: ['TIME', 'TIME WITHOUT TIME ZONE'],
  time_ns: ['TIME_NS'],
  time_tz: ['TIMETZ', 'TIME WITH TIME ZONE'],
  timestamp: ['TIMESTAMP', 'DATETIME', 'TIMESTAMP_US', 'TIMESTAMP WITHOUT TIME ZONE'],
  timestamp_s: ['TIMESTAMP_S'],
  timestamp_ms: ['TIMESTAMP_MS'],
  timestamp_ns: ['TIMESTAMP_NS'],
  timestamp_tz: ['TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE'],
  interval: ['INTERVAL'],
}

export const simpleKinds: readonly SimpleKind[] = Object.keys(names).filter(
  (kind): kind is SimpleKind => kind in names,
)

/** The names by which DuckDB knows its types without parts, aliases included. */
export const simpleTypeNames: ReadonlyMap<string, SimpleKind> = new Map(
  simpleKinds.flatMap((kind) => names[kind].map((name): [string, SimpleKind] => [name, kind])),
)

/** The names of types that have parts; the decimals do without them. */
export const nestedTypeNames: readonly string[] = [
  'DECIMAL',
  'NUMERIC',
  'DEC',
  'ENUM',
  'STRUCT',
  'ROW',
  'MAP',
  'UNION',
]

/** Words that may follow the first word of a name, so that `TIME WITH TIME ZONE` is read to its end. */
export const followingWords: ReadonlySet<string> = new Set(
  [...simpleTypeNames.keys()].flatMap((name) => name.split(' ').slice(1)),
)
