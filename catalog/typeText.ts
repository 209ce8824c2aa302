import type { IntervalValue } from '../src/arrow/decodeScalars.ts'
import type { TimeTz } from '../src/arrow/temporal.ts'

/** How a handler sees one value of a type in DuckDB's words, null aside. Items and fields may be null. */
export type TextValue<Text extends string> =
  Uppercase<Trim<Text>> extends keyof NamedValues
    ? NamedValues[Uppercase<Trim<Text>>]
    : Trim<Text> extends `${infer Item}[]`
      ? (TextValue<Item> | null)[]
      : Trim<Text> extends `${infer Item}[${number}]`
        ? (TextValue<Item> | null)[]
        : Trim<Text> extends `${infer Name}(${infer Parameters})`
          ? ParametrizedValue<Uppercase<Trim<Name>>, Parameters>
          : unknown

/** What a handler may return for a type in DuckDB's words: dates and timestamps also as JavaScript has them. */
export type TextResult<Text extends string> =
  | TextValue<Text>
  | (Uppercase<Trim<Text>> extends
      | 'DATE'
      | 'DATETIME'
      | `TIMESTAMP${'' | `_${string}` | 'TZ' | ' WITH TIME ZONE'}`
      ? Date
      : never)

/** The typed array of a column of numbers without nulls; never for other types. */
export type TextNumbers<Text extends string> =
  Uppercase<Trim<Text>> extends keyof NamedNumbers ? NamedNumbers[Uppercase<Trim<Text>>] : never

interface NamedNumbers {
  TINYINT: Int8Array
  INT1: Int8Array
  SMALLINT: Int16Array
  INT2: Int16Array
  INT16: Int16Array
  SHORT: Int16Array
  INTEGER: Int32Array
  INT: Int32Array
  INT4: Int32Array
  INT32: Int32Array
  INTEGRAL: Int32Array
  SIGNED: Int32Array
  BIGINT: BigInt64Array
  INT8: BigInt64Array
  INT64: BigInt64Array
  LONG: BigInt64Array
  OID: BigInt64Array
  UTINYINT: Uint8Array
  UINT8: Uint8Array
  USMALLINT: Uint16Array
  UINT16: Uint16Array
  UINTEGER: Uint32Array
  UINT32: Uint32Array
  UBIGINT: BigUint64Array
  UINT64: BigUint64Array
  FLOAT: Float32Array
  FLOAT4: Float32Array
  REAL: Float32Array
  DOUBLE: Float64Array
  FLOAT8: Float64Array
  'DOUBLE PRECISION': Float64Array
}

type NamedValues = { [Name in keyof NamedNumbers]: NamedNumbers[Name][number] } & {
  BOOLEAN: boolean
  BOOL: boolean
  LOGICAL: boolean
  HUGEINT: bigint
  INT128: bigint
  UHUGEINT: bigint
  UINT128: bigint
  BIGNUM: bigint
  VARINT: bigint
  DECIMAL: string
  NUMERIC: string
  DEC: string
  VARCHAR: string
  TEXT: string
  STRING: string
  CHAR: string
  CHARACTER: string
  'CHARACTER VARYING': string
  NVARCHAR: string
  BPCHAR: string
  JSON: string
  UUID: string
  GUID: string
  BIT: string
  BITSTRING: string
  BLOB: Uint8Array
  BYTEA: Uint8Array
  BINARY: Uint8Array
  VARBINARY: Uint8Array
  GEOMETRY: Uint8Array
  DATE: number
  TIME: bigint
  TIME_NS: bigint
  TIMETZ: TimeTz
  'TIME WITH TIME ZONE': TimeTz
  DATETIME: bigint
  TIMESTAMP: bigint
  TIMESTAMP_US: bigint
  TIMESTAMP_S: bigint
  TIMESTAMP_MS: bigint
  TIMESTAMP_NS: bigint
  TIMESTAMPTZ: bigint
  'TIMESTAMP WITH TIME ZONE': bigint
  INTERVAL: IntervalValue
}

type ParametrizedValue<Name extends string, Parameters extends string> = Name extends 'STRUCT' | 'ROW'
  ? FieldValues<Split<Parameters>>
  : Name extends 'MAP'
    ? MapValue<Split<Parameters>>
    : Name extends 'UNION'
      ? MemberValue<Split<Parameters>[number]>
      : Name extends 'ENUM'
        ? EnumValue<Split<Parameters>[number]>
        : Name extends 'DECIMAL' | 'NUMERIC' | 'DEC' | 'VARCHAR' | 'CHAR'
          ? string
          : unknown

type FieldValues<Fields extends readonly string[]> = {
  [Field in Fields[number] as FieldName<Field>]: TextValue<FieldType<Field>> | null
}

type MapValue<Pair extends readonly string[]> = Pair extends readonly [
  infer Key extends string,
  infer Value extends string,
]
  ? Map<TextValue<Key>, TextValue<Value> | null>
  : unknown

type MemberValue<Member extends string> = Member extends string
  ? { tag: FieldName<Member>; value: TextValue<FieldType<Member>> | null }
  : never

type EnumValue<Item extends string> = Trim<Item> extends `'${infer Value}'` ? Value : string

type FieldName<Field extends string> =
  Trim<Field> extends `"${infer Name}" ${string}`
    ? Name
    : Trim<Field> extends `${infer Name} ${string}`
      ? Name
      : string

type FieldType<Field extends string> =
  Trim<Field> extends `"${string}" ${infer Type}`
    ? Type
    : Trim<Field> extends `${string} ${infer Type}`
      ? Type
      : ''

/** Parts between the commas that stand in no parentheses. A comma within quotes is taken for one that parts. */
type Split<
  Text extends string,
  Depth extends readonly 0[] = [],
  Part extends string = '',
  Parts extends readonly string[] = [],
> = Text extends `${infer Character}${infer Rest}`
  ? Character extends ','
    ? Depth extends []
      ? Split<Rest, Depth, '', [...Parts, Part]>
      : Split<Rest, Depth, `${Part},`, Parts>
    : Split<Rest, DepthAfter<Character, Depth>, `${Part}${Character}`, Parts>
  : [...Parts, Part]

type DepthAfter<Character extends string, Depth extends readonly 0[]> = Character extends '('
  ? [...Depth, 0]
  : Character extends ')'
    ? Depth extends [0, ...infer Less extends 0[]]
      ? Less
      : []
    : Depth

type Trim<Text extends string> = Text extends ` ${infer Rest}` | `${infer Rest} ` ? Trim<Rest> : Text
