import type { Schema } from '../src/base/dataType.ts'
import { formatType } from '../src/base/formatType.ts'
import { displayWidth, shortenToWidth } from './displayWidth.ts'
import { formatValue } from './formatValue.ts'
import { isNumeric } from './isNumeric.ts'

const narrowest = 10
const widestType = 24
/** Cells of a border and the space on each side of a value. */
const framing = 3

export interface TableOptions {
  /** Cells a line may take at most, 20 or more; unlimited without it. */
  readonly width?: number
  /** A line under the table, such as the number of rows. */
  readonly footer?: string
}

interface TableColumn {
  readonly name: string
  readonly type: string
  readonly alignRight: boolean
  readonly cells: readonly string[]
}

/**
 * Rows as an aligned table with names and types in its head. Columns that are too wide for `width` are shortened, the widest
 * first; where even that does not help, columns in the middle are left out, which the last line says.
 */
export function formatTable(
  schema: Schema,
  rows: readonly Readonly<Record<string, unknown>>[],
  options: TableOptions = {},
): string {
  const all = schema.map(({ name, type }) => ({
    name: formatValue(name),
    type: formatType(type),
    alignRight: isNumeric(type),
    cells: rows.map((row) => formatValue(row[name], type)),
  }))
  const columns = withinWidth(all, options.width)
  const widths = columnWidths(columns, options.width)
  const line = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right
  const row = (text: (column: TableColumn) => string): string =>
    `│${columns.map((column, index) => ` ${aligned(text(column), column, widths[index] ?? 0)} `).join('│')}│`
  return [
    line('┌', '┬', '┐'),
    row(({ name }) => name),
    row(({ type }) => type),
    line('├', '┼', '┤'),
    ...rows.map((_, index) => row(({ cells }) => cells[index] ?? '')),
    line('└', '┴', '┘'),
    ...footer(options.footer, all.length, columns.length),
  ].join('\n')
}

function footer(text: string | undefined, all: number, shown: number): string[] {
  // One of the columns that are shown is the ellipsis.
  const hidden = all === shown ? [] : [`${all} columns, ${shown - 1} shown`]
  const parts = [...(text === undefined ? [] : [text]), ...hidden]
  return parts.length === 0 ? [] : [parts.join(', ')]
}

function aligned(text: string, { alignRight }: TableColumn, width: number): string {
  const shown = shortenToWidth(text, width)
  const padding = ' '.repeat(width - displayWidth(shown))
  return alignRight ? padding + shown : shown + padding
}

const ellipsis: TableColumn = { name: '…', type: '', alignRight: false, cells: [] }

/** Leaves out columns around the middle until each of the others can have its least width. */
function withinWidth(columns: readonly TableColumn[], width: number | undefined): readonly TableColumn[] {
  if (width === undefined || leastWidth(columns) <= width) return columns
  for (let kept = columns.length - 1; kept > 0; kept--) {
    const head = columns.slice(0, Math.ceil(kept / 2))
    const shown = [...head, { ...ellipsis, cells: head[0]?.cells.map(() => '…') ?? [] }]
    shown.push(...columns.slice(columns.length - Math.floor(kept / 2)))
    if (leastWidth(shown) <= width) return shown
  }
  return columns
}

function leastWidth(columns: readonly TableColumn[]): number {
  return columns.reduce((sum, column) => sum + Math.min(naturalWidth(column), narrowest) + framing, 1)
}

/** The type counts up to a bound: that of a struct would make its column wider than any value. */
function naturalWidth({ name, type, cells }: TableColumn): number {
  const head = Math.max(displayWidth(name), Math.min(displayWidth(type), widestType))
  return cells.reduce((widest, cell) => Math.max(widest, displayWidth(cell)), head)
}

/** Cuts the widest columns to one width such that the line fits. */
function columnWidths(columns: readonly TableColumn[], width: number | undefined): readonly number[] {
  const natural = columns.map(naturalWidth)
  if (width === undefined) return natural
  let available = width - 1 - framing * columns.length
  let remaining = columns.length
  let widest = 0
  for (const wanted of natural.toSorted((a, b) => a - b)) {
    widest = Math.max(narrowest, Math.floor(available / remaining))
    if (wanted > widest) break
    available -= wanted
    remaining -= 1
    widest = wanted
  }
  return natural.map((wanted) => Math.min(wanted, widest))
}
