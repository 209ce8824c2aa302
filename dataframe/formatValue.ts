import type { DataType, Field } from '../src/base/dataType.ts'
import { formatDate, formatInterval, formatTime, formatTimestamp, type IntervalValue } from './formatTime.ts'

const plainName = /^[\p{L}_][\p{L}\p{N}_]*$/u
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const microsOfMilli = 1000n

/**
 * A value for people to read, on one line: numbers and text as they are, NULL, dates and times in ISO order, lists as `[1, 2]`,
 * structs as `{name: 'Ana'}`, bytes as `\x01\xFF`. `type` says what a number or bigint counts; control characters are escaped.
 */
export function formatValue(value: unknown, type: DataType | null = null): string {
  return (typeof value === 'string' ? value : format(value, type)).replace(unprintable, escaped)
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16)
  return escapes[character] ?? `\\u${code.padStart(4, '0')}`
}

function format(value: unknown, type: DataType | null): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') return isText(type) ? `'${value.replaceAll("'", "\\'")}'` : value
  if (typeof value === 'number' || typeof value === 'bigint') return formatNumber(value, type)
  return typeof value === 'object'
    ? formatObject(value, type)
    : `${typeof value === 'boolean' ? value : typeof value}`
}

/** Within a list or struct, text is quoted; what merely travels as text (decimals, UUIDs) is not. */
function isText(type: DataType | null): boolean {
  return type === null || type.kind === 'varchar' || type.kind === 'enum' || type.kind === 'union'
}

/** Digits after the seconds that a type counts in. */
const timeDigits: ReadonlyMap<string, number> = new Map([
  ['time', 6],
  ['time_ns', 9],
])
const timestampDigits: ReadonlyMap<string, number> = new Map([
  ['timestamp_s', 0],
  ['timestamp_ms', 3],
  ['timestamp', 6],
  ['timestamp_tz', 6],
  ['timestamp_ns', 9],
])

function formatNumber(value: number | bigint, type: DataType | null): string {
  const kind = type?.kind ?? ''
  if (kind === 'date') return formatDate(Number(value))
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  const ofTime = timeDigits.get(kind)
  if (ofTime !== undefined) return formatTime(value, ofTime)
  const ofTimestamp = timestampDigits.get(kind)
  if (ofTimestamp === undefined) return String(value)
  return formatTimestamp(value, ofTimestamp) + (kind === 'timestamp_tz' ? '+00' : '')
}

function formatObject(value: object, type: DataType | null): string {
  if (value instanceof Date) return formatJavaScriptDate(value, type)
  if (value instanceof Uint8Array) return formatBytes(value)
  if (value instanceof Map) return formatMap(value, type)
  if (isIterable(value)) {
    const item = type?.kind === 'list' || type?.kind === 'array' ? type.item : null
    return `[${Array.from(value, (entry) => format(entry, item)).join(', ')}]`
  }
  if (isInterval(value)) return formatInterval(value)
  const fields = fieldsOf(type)
  const entries = Object.entries(value).map(
    ([name, entry]) =>
      `${formatName(name)}: ${format(entry, fields.find((field) => field.name === name)?.type ?? null)}`,
  )
  return `{${entries.join(', ')}}`
}

function fieldsOf(type: DataType | null): readonly Field[] {
  return type?.kind === 'struct' ? type.fields : []
}

function formatMap(map: ReadonlyMap<unknown, unknown>, type: DataType | null): string {
  const types = type?.kind === 'map' ? type : { key: null, value: null }
  const entries = [...map].map(([key, value]) => `${format(key, types.key)}: ${format(value, types.value)}`)
  return `{${entries.join(', ')}}`
}

function formatJavaScriptDate(value: Date, type: DataType | null): string {
  if (Number.isNaN(value.getTime())) return 'Invalid Date'
  const text = formatTimestamp(BigInt(value.getTime()) * microsOfMilli, 6)
  return type?.kind === 'date' ? text.slice(0, text.indexOf(' ')) : text
}

function formatBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}

function formatName(name: string): string {
  return plainName.test(name) ? name : `'${name.replaceAll("'", "\\'")}'`
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value
}

function isInterval(value: object): value is IntervalValue {
  return 'months' in value && 'days' in value && 'micros' in value
}
