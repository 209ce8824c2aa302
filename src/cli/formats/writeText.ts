import type { Output } from '../output.ts'
import type { TextFormat } from '../outputFormat.ts'
import { csvCell, csvText } from './csvText.ts'
import { jsonText, type ValueText } from './jsonText.ts'
import { distinctNames, type RowChunk, type RowSource } from './rowSource.ts'
import { writeTable } from './writeTable.ts'

/** Writes rows as text while they come; ends early when the reader of the output is gone. Answers the rows written. */
export async function writeText(
  source: RowSource,
  format: TextFormat,
  output: Output,
  maxRows: number,
): Promise<number> {
  switch (format) {
    case 'table':
      return writeTable(source, output, maxRows)
    case 'csv':
      return writeLines(source, csvLayout(source), output)
    case 'json':
      return writeLines(source, jsonLayout(source), output)
    case 'ndjson':
      return writeLines(source, ndjsonLayout(source), output)
  }
}

interface Layout {
  readonly head: string
  readonly tail: string
  readonly between: string
  readonly row: (values: readonly string[]) => string
  readonly texts: readonly ValueText[]
}

function csvLayout({ schema }: RowSource): Layout {
  const head = schema.map(({ name }) => csvCell(name)).join(',')
  return {
    head: schema.length === 0 ? '' : `${head}\n`,
    tail: '\n',
    between: '\n',
    row: (values) => values.join(','),
    texts: schema.map(({ type }) => csvText(type)),
  }
}

function ndjsonLayout({ schema }: RowSource): Layout {
  const keys = distinctNames(schema).map((name) => `${JSON.stringify(name)}:`)
  return {
    head: '',
    tail: '\n',
    between: '\n',
    row: (values) => `{${values.map((value, index) => (keys[index] ?? '') + value).join(',')}}`,
    texts: schema.map(({ type }) => jsonText(type)),
  }
}

function jsonLayout(source: RowSource): Layout {
  return { ...ndjsonLayout(source), head: '[', tail: ']\n', between: ',\n' }
}

async function writeLines(source: RowSource, layout: Layout, output: Output): Promise<number> {
  if (source.schema.length === 0) {
    for await (const chunk of source.chunks) if (chunk.length > 0) break
    return 0
  }
  let rows = 0
  let pending = layout.head
  for await (const chunk of source.chunks) {
    if (chunk.length === 0) continue
    const text = pending + (rows > 0 ? layout.between : '') + rowTexts(chunk, layout).join(layout.between)
    pending = ''
    rows += chunk.length
    if (!(await output.write(text))) return rows
  }
  await output.write(pending + (rows > 0 || layout.tail !== '\n' ? layout.tail : ''))
  return rows
}

function rowTexts({ length, columns }: RowChunk, { row, texts }: Layout): string[] {
  const lines: string[] = []
  for (let index = 0; index < length; index++) {
    lines.push(row(texts.map((text, column) => text(columns[column]?.[index]))))
  }
  return lines
}
