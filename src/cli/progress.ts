import { formatDollars } from '../run/profile/formatFigures.ts'
import type { Progress } from '../run/queryRun.ts'

export type { Progress } from '../run/queryRun.ts'

/** A figure of the line; where there is no room for all, those of the highest number go first. */
interface Part {
  readonly text: string
  readonly expendable: number
}

/**
 * `12,345 of 50,000 rows  4,115 rows/s  8 batches in flight  98 % full  9,000 saved  2 retries  1 error  $0.12  ETA 0:09`, of which
 * as much is shown as a line of so many columns holds.
 */
export function formatProgress(progress: Progress, seconds: number, columns: number = Infinity): string {
  const { rows, totalRows, batchesInFlight, fill, savedRows, retries, failedRows, dollars } = progress
  if (rows === 0 && batchesInFlight === 0) return `running  ${formatDuration(seconds)}`
  const perSecond = seconds > 0 ? rows / seconds : 0
  const left = totalRows === null || perSecond === 0 ? null : Math.max(0, totalRows - rows) / perSecond
  const parts: Part[] = [
    {
      text: totalRows === null ? counted(rows, 'row') : `${grouped(rows)} of ${counted(totalRows, 'row')}`,
      expendable: 0,
    },
    { text: `${grouped(Math.round(perSecond))} rows/s`, expendable: 4 },
    ...shownIf(batchesInFlight, `${counted(batchesInFlight, 'batch', 'batches')} in flight`, 6),
    ...(fill === null ? [] : [{ text: `${Math.round(fill * 100)} % full`, expendable: 7 }]),
    ...shownIf(savedRows, `${grouped(savedRows)} saved`, 3),
    ...shownIf(retries, counted(retries, 'retry', 'retries'), 5),
    ...shownIf(failedRows, counted(failedRows, 'error'), 1),
    ...shownIf(dollars, formatDollars(dollars), 2),
    { text: left === null ? formatDuration(seconds) : `ETA ${formatDuration(left)}`, expendable: 0 },
  ]
  return fitting(parts, columns)
}

function shownIf(figure: number, text: string, expendable: number): readonly Part[] {
  return figure === 0 ? [] : [{ text, expendable }]
}

function fitting(parts: readonly Part[], columns: number): string {
  const line = parts.map(({ text }) => text).join('  ')
  const most = Math.max(...parts.map(({ expendable }) => expendable))
  if (line.length <= columns || most === 0) return line
  return fitting(
    parts.filter(({ expendable }) => expendable < most),
    columns,
  )
}

/** `0:09`, `12:05`, `1:00:00` */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const tail = String(whole % 60).padStart(2, '0')
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${String(minutes).padStart(2, '0')}:${tail}`
}

/** `0.3 s`, `12:05` */
export function formatElapsed(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 2 : 1)} s` : formatDuration(seconds)
}

/** What a cancelled query had done; `file` is the one that it would have written. */
export function describeCancelled({ rows }: Progress, seconds: number, file?: string): string {
  const done = rows === 0 ? '' : `${counted(rows, 'row')} in `
  return `cancelled after ${done}${formatElapsed(seconds)}${file === undefined ? '' : `; ${file} is as it was`}`
}

/** `1 row`, `1,234 rows` */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}
