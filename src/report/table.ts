import { type Content, html, type Markup } from './html.ts'

export interface TableColumn<Row> {
  readonly title: string
  /** Explains the title. */
  readonly hint?: string
  /** Figures stand to the right; the first column names its row. */
  readonly figure?: boolean
  readonly cell: (row: Row) => Content
}

/** A table that says what it holds, and that scrolls by itself where the window is narrow. */
export function table<Row>(
  caption: string,
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
): Markup {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map(heading)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${columns.map((column, index) => cell(column, row, index))}</tr>\n`)}</tbody>
</table></div>`
}

function heading<Row>({ title, hint, figure = false }: TableColumn<Row>): Markup {
  const text = hint === undefined ? title : html`<abbr title="${hint}">${title}</abbr>`
  return html`<th scope="col"${figure ? html` class="figure"` : null}>${text}</th>`
}

function cell<Row>({ cell: contentOf, figure = false }: TableColumn<Row>, row: Row, index: number): Markup {
  const content = contentOf(row)
  if (index === 0) return html`<th scope="row">${content}</th>`
  return html`<td${figure ? html` class="figure"` : null}>${content}</td>`
}
