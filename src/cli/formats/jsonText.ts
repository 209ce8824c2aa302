import { formatValue } from '../../../dataframe/formatValue.ts'
import type { DataType, Field } from '../../base/dataType.ts'

/** The JSON text of one value of a column. */
export type ValueText = (value: unknown) => string

/**
 * Writes the values of a type as JSON without loss: integers and decimals with all their digits, dates and times in ISO 8601,
 * bytes as DuckDB prints them, NaN and the infinities as strings.
 */
export function jsonText(type: DataType): ValueText {
  const text = textOf(type)
  return (value) => (value === null || value === undefined ? 'null' : text(value))
}

function textOf(type: DataType): ValueText {
  switch (type.kind) {
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'hugeint':
    case 'utinyint':
    case 'usmallint':
    case 'uinteger':
    case 'ubigint':
    case 'uhugeint':
    case 'bignum':
    case 'decimal':
      return String
    case 'float':
    case 'double':
      return floatText
    case 'varchar':
    case 'uuid':
    case 'bit':
    case 'enum':
      return (value) => JSON.stringify(String(value))
    case 'json':
      return embeddedJson
    case 'timestamp':
    case 'timestamp_s':
    case 'timestamp_ms':
    case 'timestamp_ns':
    case 'timestamp_tz':
      return (value) => `"${isoTimestamp(formatValue(value, type))}"`
    case 'list':
    case 'array':
      return listText(type.item)
    case 'struct':
      return structText(type.fields)
    case 'map':
      return mapText(type.key, type.value)
    case 'union':
      return unionText(type.members)
    default:
      return (value) => JSON.stringify(formatValue(value, type))
  }
}

function floatText(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? String(value) : `"${String(value)}"`
}

/** DuckDB separates date and time by a space; years before Christ and the infinities have no ISO form and stay. */
function isoTimestamp(text: string): string {
  return /^\d+-\d\d-\d\d \d\d:\d\d:\d\d[\d.]*(\+00)?$/.test(text)
    ? text.replace(' ', 'T').replace('+00', 'Z')
    : text
}

/** The text of a JSON column, which may be spread over lines and, from a file, need not be JSON. */
function embeddedJson(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  try {
    JSON.parse(value)
    return value.replaceAll(/[\r\n]+/g, ' ')
  } catch {
    return JSON.stringify(value)
  }
}

function listText(item: DataType): ValueText {
  const text = jsonText(item)
  return (value) => `[${Array.from(value as Iterable<unknown>, text).join(',')}]`
}

function structText(fields: readonly Field[]): ValueText {
  const members = fields.map(({ name, type }) => ({
    name,
    key: `${JSON.stringify(name)}:`,
    text: jsonText(type),
  }))
  return (value) => {
    const record = value as Readonly<Record<string, unknown>>
    return `{${members.map(({ name, key, text }) => key + text(record[name])).join(',')}}`
  }
}

function mapText(keyType: DataType, valueType: DataType): ValueText {
  const keyText = jsonText(keyType)
  const valueText = jsonText(valueType)
  const asKey = (key: unknown): string => {
    const text = keyText(key)
    return text.startsWith('"') ? text : JSON.stringify(text)
  }
  return (value) => {
    const entries = [...(value as ReadonlyMap<unknown, unknown>)]
    return `{${entries.map(([key, entry]) => `${asKey(key)}:${valueText(entry)}`).join(',')}}`
  }
}

function unionText(members: readonly Field[]): ValueText {
  const texts = new Map(members.map(({ name, type }) => [name, jsonText(type)]))
  return (value) => {
    const { tag, value: inner } = value as { readonly tag: string; readonly value: unknown }
    return `{${JSON.stringify(tag)}:${texts.get(tag)?.(inner) ?? 'null'}}`
  }
}
