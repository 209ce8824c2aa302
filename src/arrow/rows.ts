import type { Schema } from '../base/dataType.ts'
import type { Batch } from './column.ts'
import { decodeColumn } from './decode.ts'
import { setField } from './structFields.ts'

/**
 * The rows of a batch as objects for users: DATE and TIMESTAMP are JavaScript dates, to the millisecond, or DuckDB's text where
 * those do not reach; JSON stays text. Of columns with one name the later ones are called `name:1`, `name:2` and so on.
 */
export function toRows(schema: Schema, batch: Batch): Record<string, unknown>[] {
  const names = distinctNames(schema)
  const columns = schema.map(({ type }, index) => decodeColumn(type, batch.columns[index]!, 'rows'))
  const rows: Record<string, unknown>[] = []
  for (let row = 0; row < batch.length; row++) {
    const object: Record<string, unknown> = {}
    for (let index = 0; index < names.length; index++) setField(object, names[index]!, columns[index]![row])
    rows.push(object)
  }
  return rows
}

function distinctNames(schema: Schema): readonly string[] {
  const taken = new Set<string>()
  return schema.map(({ name }) => {
    let distinct = name
    for (let count = 1; taken.has(distinct); count++) distinct = `${name}:${count}`
    taken.add(distinct)
    return distinct
  })
}
