import { formatTable } from '../../../dataframe/formatTable.ts'
import type { Output } from '../output.ts'
import { counted } from '../progress.ts'
import { distinctNames, type RowSource } from './rowSource.ts'

/** An aligned table of the first rows; the query ends when it has given those. */
export async function writeTable(source: RowSource, output: Output, maxRows: number): Promise<number> {
  const names = distinctNames(source.schema)
  const rows: Record<string, unknown>[] = []
  let more = false
  for await (const { length, columns } of source.chunks) {
    const taken = Math.min(length, maxRows - rows.length)
    for (let row = 0; row < taken; row++) {
      rows.push(Object.fromEntries(names.map((name, column) => [name, columns[column]?.[row]])))
    }
    more = taken < length
    if (more) break
  }
  if (rows.length === 0 && isChange(source)) return 0
  const schema = source.schema.map((field, index) => ({ ...field, name: names[index] ?? field.name }))
  const table = formatTable(schema, rows, {
    footer: footer(rows.length, more),
    ...(output.columns === null ? {} : { width: Math.max(output.columns, 20) }),
  })
  await output.write(`${table}\n`)
  return rows.length
}

/** What CREATE and the like answer with: no rows of a count, of which there is nothing to see. */
function isChange({ schema: [column, ...others] }: RowSource): boolean {
  return (
    others.length === 0 &&
    (column === undefined || (column.name === 'Count' && column.type.kind === 'bigint'))
  )
}

function footer(rows: number, more: boolean): string {
  const shown = counted(rows, 'row')
  return more ? `first ${shown}; --max-rows all shows all, -o FILE writes them` : shown
}
