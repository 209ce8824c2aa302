import type { Distribution } from './distribution.ts'
import {
  formatAmount,
  formatCount,
  formatCounted,
  formatDollars,
  formatMilliseconds,
  formatQuantile,
  formatShare,
} from './formatFigures.ts'
import {
  type FunctionProfile,
  failedRowsOf,
  fillOf,
  queueOf,
  type RunProfile,
  type SavedBy,
  savedBy,
  savedRowsOf,
  type WaitCause,
  waitCauses,
} from './runProfile.ts'

const SHOWN_MAX = 5

/** What rows were saved by, in words. */
export const savedByNames: Readonly<Record<SavedBy, string>> = {
  dedupe: 'equal inputs',
  inFlight: 'calls in flight',
  cache: 'cache',
  journal: 'earlier attempt of the run',
}

/** What calls waited for, in words. */
export const waitNames: Readonly<Record<WaitCause, string>> = {
  batch: 'rows to fill a batch',
  rateLimit: 'rate limit',
  concurrency: 'free place',
  retry: 'next attempt',
}

/** What each function did, for EXPLAIN ANALYZE: a line for the function, and under it one for each thing there is to say. */
export function describeProfile({ functions }: Pick<RunProfile, 'functions'>): readonly string[] {
  return functions.flatMap(describeFunction)
}

function describeFunction(profile: FunctionProfile): readonly string[] {
  const { function: name, version, rows, calls, retries } = profile
  const failed = failedRowsOf(profile)
  const facts = [
    `rows     ${formatCount(rows + savedRowsOf(profile))}${describeSaved(profile)}`,
    `calls    ${formatCount(calls)}${describeBatches(profile)}`,
    ...(calls === 0
      ? []
      : [`run      ${describeTimes(profile.run)}, ${formatMilliseconds(profile.run.total)} in all`]),
    ...describeWaits(profile),
    ...(retries === 0 ? [] : [`retries  ${formatCounted(retries, 'batch', 'batches')} attempted again`]),
    ...describeErrors(profile, failed),
    ...describeUsage(profile),
  ]
  return [`${name} (version ${version})`, ...facts.map((fact) => `  ${fact}`)]
}

function describeSaved(profile: FunctionProfile): string {
  const saved = savedRowsOf(profile)
  if (saved === 0) return ''
  const by = savedBy
    .filter((cause) => profile.saved[cause] > 0)
    .map((cause) => `${savedByNames[cause]} ${formatCount(profile.saved[cause])}`)
  return `: ${formatCount(profile.rows)} called, ${formatCount(saved)} saved (${by.join(', ')})`
}

function describeBatches(profile: FunctionProfile): string {
  const { calls, sent } = profile
  const fill = fillOf(profile)
  if (calls === 0 || fill === null) return ''
  return ` of ${formatAmount(sent / calls)} rows on average, batches ${formatShare(fill)} full`
}

function describeTimes({ p50, p99 }: Distribution): string {
  return `p50 ${formatQuantile(p50)}, p99 ${formatQuantile(p99)}`
}

function describeWaits(profile: FunctionProfile): readonly string[] {
  const queue = queueOf(profile)
  const causes = waitCauses
    .filter((cause) => profile.waits[cause].count > 0)
    .map((cause) => `${waitNames[cause]} ${describeTimes(profile.waits[cause])}`)
  return [
    ...(queue.count === 0 ? [] : [`queue    ${describeTimes(queue)}`]),
    ...(causes.length === 0 ? [] : [`waits    ${causes.join('; ')}`]),
  ]
}

function describeErrors({ errors }: FunctionProfile, failed: number): readonly string[] {
  if (errors.length === 0) return []
  const codes = errors.map(({ code, rows, attempts }) => {
    const parts = [
      ...(rows === 0 ? [] : [formatCounted(rows, 'row')]),
      ...(attempts === 0 ? [] : [formatCounted(attempts, 'attempt')]),
    ]
    return `${code} ${parts.join(', ')}`
  })
  return [`errors   ${formatCounted(failed, 'row')} failed: ${codes.join('; ')}`]
}

function describeUsage({ usage, dollars }: FunctionProfile): readonly string[] {
  const keyed = usage
    .map(({ key, units }) => ({ key, text: describeUnits(units) }))
    .filter(({ text }) => text !== '')
  const shown = keyed.slice(0, SHOWN_MAX).map(({ key, text }) => (key === null ? text : `${key}: ${text}`))
  const more = keyed.length > SHOWN_MAX ? [`${keyed.length - SHOWN_MAX} more keys`] : []
  return [
    ...(shown.length === 0 ? [] : [`usage    ${[...shown, ...more].join('; ')}`]),
    ...(dollars === 0 ? [] : [`cost     ${formatDollars(dollars)}`]),
  ]
}

/** Dollars are told as the cost. */
function describeUnits(units: Readonly<Record<string, number>>): string {
  return Object.entries(units)
    .filter(([unit]) => unit !== 'dollars')
    .map(([unit, amount]) => `${formatAmount(amount)} ${unit}`)
    .join(', ')
}
