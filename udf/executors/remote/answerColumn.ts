import type { ColumnData } from '../../../src/arrow/column.ts'
import { decodeColumn } from '../../../src/arrow/decode.ts'
import { encodeColumn } from '../../../src/arrow/encode.ts'
import { type DataType, isSimpleType } from '../../../src/base/dataType.ts'
import { formatType, sameType } from '../../../src/base/formatType.ts'

/**
 * The column in the type of the function. Other languages have no enums, JSON or arrays of one size: texts and lists stand for them,
 * and are checked. `refuse` is told what is wrong, to follow "got".
 */
export function columnOfType(
  wanted: DataType,
  { type, column }: { readonly type: DataType; readonly column: ColumnData },
  refuse: (problem: string) => never,
): ColumnData {
  if (sameType(type, wanted)) return column
  if (!sameType(plainType(type), plainType(wanted))) {
    return refuse(`${formatType(type)} instead of ${formatType(wanted)}`)
  }
  const values = decodeColumn(asWritten(type), column)
  return encodeColumn(asWritten(wanted), values, (row, problem) => refuse(`${problem} in row ${row}`))
}

/** What a language has that knows texts and lists only. */
function plainType(type: DataType): DataType {
  switch (type.kind) {
    case 'json':
    case 'enum':
      return { kind: 'varchar' }
    case 'array':
      return { kind: 'list', item: plainType(type.item) }
    default:
      return withInner(type, plainType)
  }
}

/** The type without what a definition says of how its handler sees values. */
export function asWritten(type: DataType): DataType {
  return isSimpleType(type) ? { kind: type.kind } : withInner(type, asWritten)
}

function withInner(type: DataType, map: (inner: DataType) => DataType): DataType {
  switch (type.kind) {
    case 'list':
    case 'array':
      return { ...type, item: map(type.item) }
    case 'struct':
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: map(field.type) })) }
    case 'map':
      return { ...type, key: map(type.key), value: map(type.value) }
    default:
      return type
  }
}
