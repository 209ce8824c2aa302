/** The types of DuckDB, as plain data. `formatType.ts` beside this file writes them as DuckDB does, `parseType.ts` reads them. */
export type SimpleKind =
  | 'null'
  | 'boolean'
  | 'tinyint'
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'hugeint'
  | 'utinyint'
  | 'usmallint'
  | 'uinteger'
  | 'ubigint'
  | 'uhugeint'
  | 'float'
  | 'double'
  | 'bignum'
  | 'varchar'
  | 'json'
  | 'blob'
  | 'bit'
  | 'geometry'
  | 'uuid'
  | 'date'
  | 'time'
  | 'time_ns'
  | 'time_tz'
  | 'timestamp'
  | 'timestamp_s'
  | 'timestamp_ms'
  | 'timestamp_ns'
  | 'timestamp_tz'
  | 'interval'

export interface SimpleType {
  readonly kind: SimpleKind
  /**
   * How a handler sees its values where a zod schema asks for it: `date` gives JavaScript dates for DATE and TIMESTAMP,
   * `number` gives numbers for 64-bit integers, `parsed` gives parsed JSON. It says nothing about the type in DuckDB.
   */
  readonly as?: 'date' | 'number' | 'parsed'
}
export interface DecimalType {
  readonly kind: 'decimal'
  /** Digits in all, 1 to 38. */
  readonly width: number
  /** Digits after the point. */
  readonly scale: number
}
export interface EnumType {
  readonly kind: 'enum'
  readonly values: readonly string[]
}
export interface ListType {
  readonly kind: 'list'
  readonly item: DataType
}
export interface ArrayType {
  readonly kind: 'array'
  readonly item: DataType
  /** Items in each value. */
  readonly size: number
}
export interface StructType {
  readonly kind: 'struct'
  readonly fields: readonly Field[]
}
export interface MapType {
  readonly kind: 'map'
  readonly key: DataType
  readonly value: DataType
}
export interface UnionType {
  readonly kind: 'union'
  readonly members: readonly Field[]
}

export type DataType =
  | SimpleType
  | DecimalType
  | EnumType
  | ListType
  | ArrayType
  | StructType
  | MapType
  | UnionType

export interface Field {
  readonly name: string
  readonly type: DataType
}

/** Columns of a table, in order. */
export type Schema = readonly Field[]

const kindsWithParts: ReadonlySet<DataType['kind']> = new Set([
  'decimal',
  'enum',
  'list',
  'array',
  'struct',
  'map',
  'union',
] as const)

/** Whether its kind says all about a type in DuckDB. */
export function isSimpleType(type: DataType): type is SimpleType {
  return !kindsWithParts.has(type.kind)
}
