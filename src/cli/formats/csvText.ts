import { formatValue } from '../../../dataframe/formatValue.ts'
import type { DataType } from '../../base/dataType.ts'
import { jsonText, type ValueText } from './jsonText.ts'

/**
 * Writes the values of a type as cells of CSV: nothing for NULL, `""` for empty text, JSON for lists, structs, maps and
 * unions, and what DuckDB prints for everything else.
 */
export function csvText(type: DataType): ValueText {
  const text = textOf(type)
  return (value) => (value === null || value === undefined ? '' : csvCell(text(value)))
}

export function csvCell(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function textOf(type: DataType): ValueText {
  switch (type.kind) {
    case 'varchar':
    case 'enum':
      return String
    case 'json':
    case 'list':
    case 'array':
    case 'struct':
    case 'map':
    case 'union':
      return jsonText(type)
    default:
      return (value) => formatValue(value, type)
  }
}
