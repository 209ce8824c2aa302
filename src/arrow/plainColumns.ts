import type { DataType, EnumType, Field, Schema } from '../base/dataType.ts'
import { type ColumnData, isValid } from './column.ts'
import { encodeColumn } from './encode.ts'
import { childTypes } from './layout.ts'
import { takeRows } from './takeRows.ts'

// Columns as every peer reads them: without the dictionaries that enums are in Arrow.

const textType: DataType = { kind: 'varchar' }
const known = new WeakMap<Schema, Schema>()

/** The schema with texts instead of enums; the same object for the same schema. */
export function plainSchema(fields: Schema): Schema {
  const plain = known.get(fields) ?? plainFields(fields)
  known.set(fields, plain)
  return plain
}

function plainFields(fields: readonly Field[]): readonly Field[] {
  return fields.map(({ name, type }) => ({ name, type: plainType(type) }))
}

function plainType(type: DataType): DataType {
  switch (type.kind) {
    case 'enum':
      return textType
    case 'list':
    case 'array':
      return { ...type, item: plainType(type.item) }
    case 'map':
      return { ...type, key: plainType(type.key), value: plainType(type.value) }
    case 'struct':
      return { ...type, fields: plainFields(type.fields) }
    case 'union':
      return { ...type, members: plainFields(type.members) }
    default:
      return type
  }
}

/** The column as its plain type has it; the same object where nothing changes. */
export function plainColumn(type: DataType, column: ColumnData): ColumnData {
  if (type.kind === 'enum') return takeRows(textType, labelsOf(type), labelRows(column))
  const types = childTypes(type)
  const children = types.map((child, index) => plainColumn(child, column.children[index]!))
  return children.every((child, index) => child === column.children[index]) ? column : { ...column, children }
}

const labels = new WeakMap<readonly string[], ColumnData>()

function labelsOf({ values }: EnumType): ColumnData {
  const column =
    labels.get(values) ??
    encodeColumn(textType, values, (_, problem) => {
      throw new TypeError(problem)
    })
  labels.set(values, column)
  return column
}

function labelRows(column: ColumnData): Int32Array {
  return Int32Array.from({ length: column.length }, (_, row) =>
    isValid(column, row) ? Number(column.values![row]) : -1,
  )
}
