import type { DataType, Field, Schema } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import { formatType, sameType } from '../base/formatType.ts'

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/**
 * The columns of rows that come without a schema: every field of any row, in the order of first sight. Numbers are INTEGER if
 * all are whole and fit, else DOUBLE; bigints BIGINT or HUGEINT; dates TIMESTAMP; a column of nulls VARCHAR. Throws
 * WRONG_ARGUMENTS for values without a type and for columns whose values have none in common.
 */
export function inferSchema(rows: readonly object[]): Schema {
  const types = new Map<string, DataType>()
  for (const [index, row] of rows.entries()) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new EngineError('WRONG_ARGUMENTS', `row ${index} is not an object`, { row: index })
    }
    for (const [name, value] of Object.entries(row)) {
      const place = `column '${name}' of row ${index}`
      types.set(name, common(types.get(name) ?? nothing, typeOf(value, place), place))
    }
  }
  return [...types].map(([name, type]) => ({ name, type: settled(type) }))
}

const nothing: DataType = { kind: 'null' }

function typeOf(value: unknown, place: string): DataType {
  switch (typeof value) {
    case 'undefined':
      return nothing
    case 'boolean':
      return { kind: 'boolean' }
    case 'number':
      return {
        kind: Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX ? 'integer' : 'double',
      }
    case 'bigint':
      return { kind: value >= INT64_MIN && value <= INT64_MAX ? 'bigint' : 'hugeint' }
    case 'string':
      return { kind: 'varchar' }
    case 'object':
      return value === null ? nothing : typeOfObject(value, place)
    default:
      throw new EngineError('WRONG_ARGUMENTS', `${place} is a ${typeof value}, which has no type in DuckDB`)
  }
}

function typeOfObject(value: object, place: string): DataType {
  if (value instanceof Date) return { kind: 'timestamp', as: 'date' }
  if (value instanceof Uint8Array) return { kind: 'blob' }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => typeOf(item, `an item of ${place}`))
    return { kind: 'list', item: items.reduce((a, b) => common(a, b, place), nothing) }
  }
  if (value instanceof Map) {
    const all = (values: Iterable<unknown>): DataType =>
      [...values].map((item) => typeOf(item, place)).reduce((a, b) => common(a, b, place), nothing)
    return { kind: 'map', key: all(value.keys()), value: all(value.values()) }
  }
  const fields = Object.entries(value).map(
    ([name, field]): Field => ({ name, type: typeOf(field, `${place}, field '${name}'`) }),
  )
  return { kind: 'struct', fields }
}

/** The type that holds the values of both. */
function common(a: DataType, b: DataType, place: string): DataType {
  if (a.kind === 'null' || sameType(a, b)) return b
  if (b.kind === 'null') return a
  const kinds = new Set([a.kind, b.kind])
  if (kinds.has('integer') && kinds.has('double')) return { kind: 'double' }
  if (kinds.has('bigint') && kinds.has('integer')) return { kind: 'bigint' }
  if (kinds.has('hugeint') && (kinds.has('integer') || kinds.has('bigint'))) return { kind: 'hugeint' }
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', item: common(a.item, b.item, place) }
  if (a.kind === 'map' && b.kind === 'map') {
    return { kind: 'map', key: common(a.key, b.key, place), value: common(a.value, b.value, place) }
  }
  if (a.kind === 'struct' && b.kind === 'struct') {
    const fields = new Map(a.fields.map(({ name, type }) => [name, type]))
    for (const { name, type } of b.fields) fields.set(name, common(fields.get(name) ?? nothing, type, place))
    return { kind: 'struct', fields: [...fields].map(([name, type]) => ({ name, type })) }
  }
  throw new EngineError(
    'WRONG_ARGUMENTS',
    `${place} is ${formatType(settled(b))}, but ${formatType(settled(a))} in the rows before`,
    {
      hint: 'give the rows a schema, or values of one type in each column',
    },
  )
}

/** What nothing but nulls were seen of is text. */
function settled(type: DataType): DataType {
  switch (type.kind) {
    case 'null':
      return { kind: 'varchar' }
    case 'list':
      return { kind: 'list', item: settled(type.item) }
    case 'map':
      return { kind: 'map', key: settled(type.key), value: settled(type.value) }
    case 'struct': {
      if (type.fields.length === 0) return { kind: 'json' }
      return {
        kind: 'struct',
        fields: type.fields.map((field) => ({ name: field.name, type: settled(field.type) })),
      }
    }
    default:
      return type
  }
}
