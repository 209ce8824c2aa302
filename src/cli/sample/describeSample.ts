import { estimateCalls } from '../../run/profile/estimateCalls.ts'
import { formatCounted, formatDollars, formatMilliseconds } from '../../run/profile/formatFigures.ts'
import type { FunctionProfile } from '../../run/profile/runProfile.ts'
import type { Sample } from './sampleQuery.ts'

/** What the sample took, and what all rows will take if they are like those. */
export function describeSample(sample: Sample): readonly string[] {
  const { rows, seconds, totalRows, profile } = sample
  const rate = seconds === 0 ? '' : `, ${formatCounted(Math.round(rows / seconds), 'row')}/s`
  const head = `sample: ${formatCounted(rows, 'row')} in ${formatMilliseconds(seconds * 1000)}${rate}`
  if (totalRows === null) {
    return [head, 'full run: how many rows it has is not known, as calls decide that']
  }
  if (rows === 0) return [head, 'full run: no rows']
  const scale = totalRows / rows
  const estimates = profile.functions.map((each) => ({ name: each.function, ...scaled(each, scale) }))
  const dollars = estimates.reduce((sum, estimate) => sum + estimate.dollars, 0)
  const calls = estimates.reduce((sum, estimate) => sum + estimate.calls, 0)
  const whole = [
    formatCounted(totalRows, 'row'),
    `about ${formatMilliseconds(seconds * scale * 1000)}`,
    formatCounted(calls, 'call'),
    ...(dollars === 0 ? [] : [formatDollars(dollars)]),
  ]
  const each = estimates.map(
    ({ name, ...estimate }) =>
      `  ${name}: ${formatCounted(estimate.rows, 'row')} in ${formatCounted(estimate.calls, 'call')}${
        estimate.dollars === 0 ? '' : `, ${formatDollars(estimate.dollars)}`
      }`,
  )
  return [head, `full run: ${whole.join(', ')}`, ...(each.length > 1 ? each : [])]
}

function scaled(
  { function: name, version, rows, calls, run, dollars }: FunctionProfile,
  scale: number,
): { readonly rows: number; readonly calls: number; readonly dollars: number } {
  const history = { function: name, version, rows, calls, milliseconds: run.total, dollars }
  const estimate = estimateCalls({
    rows: Math.round(rows * scale),
    batchSize: null,
    rowByRow: false,
    concurrency: 1,
    price: null,
    history,
  })
  return { rows: estimate.rows, calls: estimate.calls, dollars: estimate.dollars ?? 0 }
}
