import { type DataType, type Field, isSimpleType, type SimpleType } from '../base/dataType.ts'
import { bytesOf, childOf, numbersOf, offsetsOf } from './access.ts'
import type { ColumnData, FixedWidthArray } from './column.ts'
import { type DecodeMode, decodeDecimals, decodeSimple } from './decodeScalars.ts'
import { childTypes } from './layout.ts'
import { listOf } from './lists.ts'
import { isPositional, setField } from './structFields.ts'

/**
 * The values of a column: numbers, bigints, strings, Uint8Arrays, arrays, objects, Maps, null. `plain` gives what handlers see
 * and `encodeColumn` takes back without loss; `rows` gives what users see, with dates as JavaScript dates. Throws
 * WRONG_ARGUMENTS, with the row, for a value that the type's `as` cannot show.
 */
export function decodeColumn(
  type: DataType,
  column: ColumnData,
  mode: DecodeMode = 'plain',
): readonly unknown[] {
  const values = isSimpleType(type) ? decodeSimple(type, column, mode) : decodeParts(type, column, mode)
  return withNulls(values, column)
}

/** Numbers as a typed array over the column's own memory; null for other types and for columns with nulls. */
export function decodeTyped(type: DataType, column: ColumnData): FixedWidthArray | null {
  if (!isSimpleType(type) || column.nullCount > 0) return null
  if (!typedKinds.has(type.kind)) return null
  return type.as === 'number' ? Float64Array.from(decodeSimple(type, column, 'plain'), Number) : column.values
}

const typedKinds: ReadonlySet<SimpleType['kind']> = new Set([
  'tinyint',
  'smallint',
  'integer',
  'bigint',
  'utinyint',
  'usmallint',
  'uinteger',
  'ubigint',
  'float',
  'double',
])

function decodeParts(type: Exclude<DataType, SimpleType>, column: ColumnData, mode: DecodeMode): unknown[] {
  const children = childTypes(type).map((child, index) => decodeColumn(child, childOf(column, index), mode))
  const { length } = column
  switch (type.kind) {
    case 'decimal':
      return decodeDecimals(type, column)
    case 'enum': {
      const codes = numbersOf(column)
      return listOf(length, (row) => type.values[codes[row]!])
    }
    case 'list': {
      const offsets = offsetsOf(column)
      return listOf(length, (row) => children[0]!.slice(offsets[row], offsets[row + 1]))
    }
    case 'array':
      return listOf(length, (row) => children[0]!.slice(row * type.size, (row + 1) * type.size))
    case 'map':
      return decodeMaps(column, children)
    case 'struct':
      return decodeStructs(type.fields, length, children)
    case 'union': {
      const tags = bytesOf(column)
      return listOf(length, (row) => ({
        tag: type.members[tags[row]!]?.name,
        value: children[tags[row]!]?.[row] ?? null,
      }))
    }
  }
}

function decodeMaps(
  column: ColumnData,
  [keys = [], values = []]: readonly (readonly unknown[])[],
): unknown[] {
  const offsets = offsetsOf(column)
  return listOf(column.length, (row) => {
    const map = new Map<unknown, unknown>()
    for (let item = offsets[row]!; item < offsets[row + 1]!; item++) map.set(keys[item], values[item])
    return map
  })
}

function decodeStructs(
  fields: readonly Field[],
  length: number,
  children: readonly (readonly unknown[])[],
): unknown[] {
  if (isPositional(fields)) return listOf(length, (row) => children.map((values) => values[row]))
  const names = fields.map(({ name }) => name)
  return listOf(length, (row) => {
    const object: Record<string, unknown> = {}
    for (let index = 0; index < names.length; index++) {
      setField(object, names[index]!, children[index]![row])
    }
    return object
  })
}

function withNulls(values: unknown[], { validity, nullCount, length }: ColumnData): unknown[] {
  if (validity === null || nullCount === 0) return values
  for (let row = 0; row < length; row++)
    if (((validity[row >> 3]! >> (row & 7)) & 1) === 0) values[row] = null
  return values
}
