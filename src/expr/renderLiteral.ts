import type { DataType, Field } from '../base/dataType.ts'
import { formatType } from '../base/formatType.ts'
import type { LiteralValue } from './expr.ts'

/** Text in single quotes, exact for every text. */
export function quoteLiteral(text: string): string {
  const quoted = text.split('\0').map((piece) => `'${piece.replaceAll("'", "''")}'`)
  // A NUL would end the statement.
  return quoted.length === 1 ? quoted.join('') : `(${quoted.join(' || chr(0) || ')})`
}

/** A value as a constant of DuckDB, exact; `type` null takes the type that DuckDB itself gives to such a constant. */
export function renderLiteral(value: LiteralValue, type: DataType | null): string {
  const text = renderValue(value, type)
  return type === null ? text : `CAST(${text} AS ${formatType(type)})`
}

function renderValue(value: LiteralValue, type: DataType | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return renderNumber(value)
  if (typeof value === 'bigint') return renderBigInt(value)
  if (typeof value === 'string') return quoteLiteral(value)
  if (value instanceof Date) return renderDate(value, type)
  if (value instanceof Uint8Array) return `unhex('${Buffer.from(value).toString('hex')}')`
  return isFields(value) ? renderFields(value, type) : renderList(value, type)
}

/** Numbers that are no whole numbers are DOUBLE, as in JavaScript; DuckDB would read `0.1` as a DECIMAL. */
function renderNumber(value: number): string {
  if (Number.isNaN(value)) return "CAST('nan' AS DOUBLE)"
  if (!Number.isFinite(value)) return `CAST('${value > 0 ? '' : '-'}infinity' AS DOUBLE)`
  const whole = Number.isSafeInteger(value) && !Object.is(value, -0)
  const digits = Object.is(value, -0) ? '-0' : String(value)
  return parenthesizeNegative(whole || digits.includes('e') ? digits : `${digits}e0`)
}

const mostSigned = 2n ** 127n
const mostUnsigned = 2n ** 128n

function renderBigInt(value: bigint): string {
  if (value > -(2n ** 63n) && value < 2n ** 63n) return parenthesizeNegative(String(value))
  const wide = value < mostUnsigned && value >= 0n ? 'UHUGEINT' : 'BIGNUM'
  return `CAST('${value}' AS ${value >= -mostSigned && value < mostSigned ? 'HUGEINT' : wide})`
}

/** `-5` would bind weaker than a cast that follows it, and begin a comment after a minus. */
function parenthesizeNegative(digits: string): string {
  return digits.startsWith('-') ? `(${digits})` : digits
}

/** An instant is written in UTC. DuckDB reads years of four digits only. */
function renderDate(value: Date, type: DataType | null): string {
  const zoned = type?.kind === 'timestamp_tz'
  const year = value.getUTCFullYear()
  if (year < 1 || year > 9999) {
    return `make_timestamp${zoned ? 'tz' : ''}(CAST('${BigInt(value.getTime()) * 1000n}' AS BIGINT))`
  }
  const text = value.toISOString().replace('T', ' ').replace('Z', '')
  return zoned ? `TIMESTAMPTZ '${text}+00'` : `TIMESTAMP '${text}'`
}

function renderList(items: readonly LiteralValue[], type: DataType | null): string {
  if (type?.kind === 'map') return renderEntries(items, type.key, type.value)
  const item = type?.kind === 'list' || type?.kind === 'array' ? type.item : null
  return `[${items.map((value) => renderValue(value, item)).join(', ')}]`
}

type LiteralFields = { readonly [field: string]: LiteralValue }

function renderFields(value: LiteralFields, type: DataType | null): string {
  if (type?.kind === 'map') return renderKeys(Object.entries(value), type.key, type.value)
  const fields = type?.kind === 'struct' ? type.fields : []
  const missing = fields
    .filter(({ name }) => !Object.hasOwn(value, name))
    .map(({ name }) => [name, null] as const)
  const all = [...Object.entries(value), ...missing]
  return `{${all.map(([name, item]) => `${quoteLiteral(name)}: ${renderValue(item, fieldType(fields, name))}`).join(', ')}}`
}

function fieldType(fields: readonly Field[], name: string): DataType | null {
  return fields.find((field) => field.name === name)?.type ?? null
}

/** A map as a list of `{ key, value }`. */
function renderEntries(items: readonly LiteralValue[], key: DataType, value: DataType): string {
  const entries = items.map((item): readonly [LiteralValue, LiteralValue] => {
    const fields: LiteralFields = isFields(item) ? item : {}
    return [fields['key'] ?? null, fields['value'] ?? null]
  })
  return renderKeys(entries, key, value)
}

function isFields(value: LiteralValue): value is LiteralFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !(value instanceof Date) && !(value instanceof Uint8Array)
}

function renderKeys(
  entries: readonly (readonly [LiteralValue, LiteralValue])[],
  key: DataType,
  value: DataType,
): string {
  return `MAP {${entries.map(([name, item]) => `${renderValue(name, key)}: ${renderValue(item, value)}`).join(', ')}}`
}
