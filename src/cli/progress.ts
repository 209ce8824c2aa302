/** How far a query is. */
export interface Progress {
  /** Rows worked through: those that functions were called for, or those of the result where there are more. */
  readonly rows: number
  /** Null if it is not known. */
  readonly totalRows: number | null
  /** Batches that functions are working on. */
  readonly batchesInFlight: number
  /** How full batches are on average, 0 to 1; null before the first. */
  readonly fill: number | null
}

/** `12,345 of 50,000 rows  4,115 rows/s  8 batches in flight  98 % full  ETA 0:09` */
export function formatProgress(progress: Progress, seconds: number): string {
  const { rows, totalRows, batchesInFlight, fill } = progress
  if (rows === 0 && batchesInFlight === 0) return `running  ${formatDuration(seconds)}`
  const perSecond = seconds > 0 ? rows / seconds : 0
  const left = totalRows === null || perSecond === 0 ? null : Math.max(0, totalRows - rows) / perSecond
  return [
    totalRows === null ? counted(rows, 'row') : `${grouped(rows)} of ${counted(totalRows, 'row')}`,
    `${grouped(Math.round(perSecond))} rows/s`,
    ...(batchesInFlight === 0 ? [] : [`${counted(batchesInFlight, 'batch', 'batches')} in flight`]),
    ...(fill === null ? [] : [`${Math.round(fill * 100)} % full`]),
    left === null ? formatDuration(seconds) : `ETA ${formatDuration(left)}`,
  ].join('  ')
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
