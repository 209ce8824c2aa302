import { inspect } from 'node:util'
import { type DataType, isSimpleType, type SimpleKind } from '../base/dataType.ts'
import { formatType } from '../base/formatType.ts'

/** A value that its type cannot hold. */
export interface Misfit {
  readonly value: unknown
  /** From the row's value to this one: `.items[3]`. */
  readonly path: string
  /** What should stand there. */
  readonly expected: string
}

/** Told of the first misfit and its row. */
export type Reject = (row: number, misfit: Misfit) => never

const shownLength = 80

/** `'abc' at .items[3] instead of INTEGER, …`: what was got, where and what was expected. */
export function describeMisfit({ value, path, expected }: Misfit): string {
  return `${shorten(show(value))}${path === '' ? '' : ` at ${path}`} instead of ${expected}`
}

function show(value: unknown): string {
  try {
    return inspect(value, {
      depth: 1,
      breakLength: Infinity,
      maxArrayLength: 5,
      maxStringLength: shownLength,
    })
  } catch {
    return `a ${typeof value} that cannot be shown`
  }
}

function shorten(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text
}

const described: Readonly<Record<SimpleKind, string>> = {
  tinyint: 'a whole number from -128 to 127',
  smallint: 'a whole number from -32768 to 32767',
  integer: 'a whole number from -2147483648 to 2147483647',
  utinyint: 'a whole number from 0 to 255',
  usmallint: 'a whole number from 0 to 65535',
  uinteger: 'a whole number from 0 to 4294967295',
  bigint: 'a bigint of 64 bits or a safe integer',
  ubigint: 'a bigint of 64 bits or a safe integer, not below 0',
  hugeint: 'a bigint of 128 bits or a safe integer',
  uhugeint: 'a bigint of 128 bits or a safe integer, not below 0',
  bignum: 'a bigint or a safe integer',
  null: 'null',
  boolean: 'true or false',
  float: 'a number of 32 bits',
  double: 'a number',
  varchar: 'a string without lone surrogates',
  json: 'JSON, as text or as a value',
  blob: 'a Uint8Array',
  geometry: 'a Uint8Array with its well-known binary',
  bit: 'a string of 0 and 1',
  uuid: 'a string such as 123e4567-e89b-12d3-a456-426614174000',
  date: 'a valid Date or whole days since 1970',
  time: 'microseconds since midnight, as a bigint or a safe integer',
  time_ns: 'nanoseconds since midnight, as a bigint or a safe integer',
  time_tz: '{ micros, offset } with an offset of less than 16 hours in seconds',
  timestamp: 'a valid Date or microseconds since 1970',
  timestamp_s: 'a valid Date or seconds since 1970',
  timestamp_ms: 'a valid Date or milliseconds since 1970',
  timestamp_ns: 'a valid Date or nanoseconds since 1970',
  timestamp_tz: 'a valid Date or microseconds since 1970',
  interval: '{ months, days, micros }, all whole',
}

/** What a value of a type looks like in JavaScript: `TINYINT, a whole number from -128 to 127`. */
export function expectedValue(type: DataType): string {
  return `${shorten(formatType(type))}, ${shape(type)}`
}

function shape(type: DataType): string {
  if (isSimpleType(type)) return described[type.kind]
  switch (type.kind) {
    case 'decimal':
      return `a number that has at most ${type.width - type.scale} digits before and ${type.scale} after the point`
    case 'enum':
      return 'one of its values'
    case 'list':
      return 'an array'
    case 'array':
      return `an array of ${type.size}`
    case 'struct':
      return 'an object, or an array where names do not tell the fields apart'
    case 'map':
      return 'a Map or an object, without null among its keys'
    case 'union':
      return '{ tag, value } with one of its tags'
  }
}
