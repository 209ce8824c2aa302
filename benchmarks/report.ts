import type { Environment } from './environment.ts'
import { achieved, type Figure, type Goal, type Measurement, reaches } from './figure.ts'

/** Which of its goals a figure has reached. */
export type Verdict = 'aim' | 'must' | 'no'

export function verdictOf({ must, aim }: Figure, measurement: Measurement): Verdict {
  const number = achieved(measurement)
  if (!reaches(number, must)) return 'no'
  return aim === null || reaches(number, aim) ? 'aim' : 'must'
}

/** One line of JSON. */
export function jsonLine(figure: Figure, measurement: Measurement, environment: Environment): string {
  const { ratio, value, limit, rows, seconds, peakRssBytes, runs, note } = measurement
  const { name, unit, must, aim } = figure
  const reached = verdictOf(figure, measurement)
  return JSON.stringify({
    name,
    ...(ratio === undefined ? {} : { ratio }),
    value,
    unit,
    limit,
    rows,
    seconds,
    peakRssBytes,
    runs,
    ...environment,
    must,
    aim,
    reached,
    ...(note === undefined ? {} : { note }),
  })
}

const columns = [
  { title: 'name', width: -18 },
  { title: 'figure', width: 9 },
  { title: 'must', width: 8 },
  { title: 'aim', width: 8 },
  { title: 'reached', width: 7 },
  { title: 'value', width: 14 },
  { title: 'limit', width: 14 },
  { title: 'rows', width: 11 },
  { title: 'seconds', width: 8 },
  { title: 'runs', width: 4 },
  { title: 'peak RSS', width: 9 },
] as const

export function tableHeader(): string {
  return [
    alignRow(columns.map(({ title }) => title)),
    alignRow(columns.map(({ width }) => '─'.repeat(Math.abs(width)))),
  ].join('\n')
}

/** A row of the table, and below it what the numbers do not say. */
export function tableRow(figure: Figure, measurement: Measurement): string {
  const { value, limit, rows, seconds, runs, peakRssBytes, note } = measurement
  const reached = verdictOf(figure, measurement)
  const unit = measurement.ratio === undefined ? figure.unit : null
  const row = alignRow([
    figure.name,
    withUnit(achieved(measurement), unit),
    formatGoal(figure.must, unit),
    figure.aim === null ? '' : formatGoal(figure.aim, unit),
    reached,
    withUnit(value, figure.unit),
    limit === null ? '' : withUnit(limit, figure.unit),
    rows.toLocaleString('en'),
    seconds.toFixed(2),
    String(runs),
    withUnit(peakRssBytes, 'bytes'),
  ])
  return note === undefined ? row : `${row}\n  ${note}`
}

function alignRow(cells: readonly string[]): string {
  return cells
    .map((cell, index) => {
      const width = columns[index]?.width ?? 0
      return width < 0 ? cell.padEnd(-width) : cell.padStart(width)
    })
    .join('  ')
    .trimEnd()
}

function formatGoal(goal: Goal, unit: Figure['unit'] | null): string {
  return 'atLeast' in goal ? `≥ ${shortly(goal.atLeast, unit)}` : `≤ ${shortly(goal.atMost, unit)}`
}

/** A goal in the unit of the number beside it. */
function shortly(number: number, unit: Figure['unit'] | null): string {
  if (unit === 'bytes') return `${number / 2 ** 30} GiB`
  return unit === 'rows/s' ? `${number / 1e6} M` : String(number)
}

/** A ratio without a unit; counts in thousands and millions. */
function withUnit(number: number, unit: Figure['unit'] | null): string {
  switch (unit) {
    case null:
      return number.toFixed(3)
    case 'bytes':
      return `${Math.round(number / 2 ** 20).toLocaleString('en')} MiB`
    case 'rows/s':
      return number < 1e5 ? `${number.toFixed(1)} rows/s` : `${(number / 1e6).toFixed(3)} M rows/s`
    case 'calls/s':
      return `${number.toFixed(1)} calls/s`
    case 'rows':
    case 'queries':
      return `${number.toLocaleString('en')} ${unit}`
    case 's':
      return `${number.toFixed(3)} s`
  }
}
