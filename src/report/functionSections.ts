import { savedByNames, waitNames } from '../run/profile/describeProfile.ts'
import type { Distribution } from '../run/profile/distribution.ts'
import {
  formatAmount,
  formatCount,
  formatDollars,
  formatMilliseconds,
  formatQuantile,
  formatShare,
} from '../run/profile/formatFigures.ts'
import {
  type ErrorFigures,
  type FunctionProfile,
  failedRowsOf,
  fillOf,
  queueOf,
  savedBy,
  savedRowsOf,
  type UsageFigures,
  waitCauses,
} from '../run/profile/runProfile.ts'
import { html, type Markup, outsideText } from './html.ts'
import type { RunReport } from './runReport.ts'
import { section } from './section.ts'
import { table } from './table.ts'

/** Figures of each function. */
export function functionSection({ profile }: RunReport): Markup | null {
  const { functions } = profile
  if (functions.length === 0) return null
  const content = table<FunctionProfile>(
    'Figures by function',
    [
      { title: 'Function', cell: (of) => functionName(of, functions.indexOf(of)) },
      {
        title: 'Rows',
        hint: 'rows of calls that succeeded',
        figure: true,
        cell: ({ rows }) => formatCount(rows),
      },
      { title: 'Saved', hint: 'rows that were not called', figure: true, cell: savedCell },
      { title: 'Calls', hint: 'each attempt counted', figure: true, cell: ({ calls }) => formatCount(calls) },
      { title: 'Fill', hint: 'how full batches were', cell: (of) => meter(fillOf(of)) },
      { title: 'Run p50', figure: true, cell: ({ run }) => quantile(run, run.p50) },
      { title: 'Run p99', figure: true, cell: ({ run }) => quantile(run, run.p99) },
      { title: 'Queue p50', hint: 'waits for limits', figure: true, cell: (of) => queue(of, 'p50') },
      { title: 'Queue p99', hint: 'waits for limits', figure: true, cell: (of) => queue(of, 'p99') },
      { title: 'Retries', figure: true, cell: ({ retries }) => formatCount(retries) },
      { title: 'Failed', hint: 'rows', figure: true, cell: (of) => formatCount(failedRowsOf(of)) },
      { title: 'Cost', figure: true, cell: ({ dollars }) => (dollars === 0 ? '–' : formatDollars(dollars)) },
    ],
    functions,
  )
  return section('functions', 'Functions', content)
}

interface Share {
  readonly name: string
  readonly className: string
  readonly distribution: Distribution
}

/** Where the time of calls went: into handlers, or into waiting, and for what. */
export function timeSection({ profile }: RunReport): Markup | null {
  const rows = profile.functions.flatMap((of, index) => {
    const shares = [{ name: 'handler', className: 'run', distribution: of.run }, ...waitShares(of)].filter(
      ({ distribution }) => distribution.count > 0,
    )
    const total = shares.reduce((sum, { distribution }) => sum + distribution.total, 0)
    return shares.map((share) => ({
      of,
      index,
      share,
      part: total === 0 ? 0 : share.distribution.total / total,
    }))
  })
  if (rows.length === 0) return null
  const content = table<(typeof rows)[number]>(
    'Time of calls, added up over those that ran at once',
    [
      { title: 'Function', cell: ({ of, index }) => functionName(of, index) },
      { title: 'In', cell: ({ share }) => share.name },
      { title: 'Share', cell: ({ share, part }) => meter(part, share.className) },
      { title: 'Times', figure: true, cell: ({ share }) => formatCount(share.distribution.count) },
      { title: 'p50', figure: true, cell: ({ share: { distribution } }) => formatQuantile(distribution.p50) },
      { title: 'p99', figure: true, cell: ({ share: { distribution } }) => formatQuantile(distribution.p99) },
      { title: 'Longest', figure: true, cell: ({ share }) => formatMilliseconds(share.distribution.max) },
      { title: 'In all', figure: true, cell: ({ share }) => formatMilliseconds(share.distribution.total) },
    ],
    rows,
  )
  return section('time', 'Where time went', content)
}

/** What failed, by function and code. */
export function errorSection({ run, profile, deadLetters }: RunReport): Markup | null {
  const rows = profile.functions.flatMap((of, index) => of.errors.map((error) => ({ of, index, error })))
  if (rows.length === 0 && deadLetters === null) return null
  const errors = table<{ of: FunctionProfile; index: number; error: ErrorFigures }>(
    'Errors by function and code',
    [
      { title: 'Function', cell: ({ of, index }) => functionName(of, index) },
      { title: 'Code', cell: ({ error }) => html`<code>${error.code}</code>` },
      {
        title: 'Rows',
        hint: 'that failed for good',
        figure: true,
        cell: ({ error }) => formatCount(error.rows),
      },
      {
        title: 'Attempts',
        hint: 'that failed',
        figure: true,
        cell: ({ error }) => formatCount(error.attempts),
      },
      {
        title: 'Latest message',
        cell: ({ error }) => html`<span class="message">${outsideText(error.message)}</span>`,
      },
    ],
    rows,
  )
  const letters =
    deadLetters === null
      ? null
      : html`<p>${formatCount(deadLetters.rows)} rows lie in the dead letters: <code>${outsideText(deadLetters.path)}</code>.
Call them again with <code>callplane retry ${outsideText(run.name ?? run.id)}</code>.</p>`
  return section('errors', 'Errors', html`${rows.length === 0 ? null : errors}${letters}`)
}

/** What handlers say that they used. */
export function usageSection({ profile }: RunReport): Markup | null {
  const rows = profile.functions.flatMap((of, index) => of.usage.map((usage) => ({ of, index, usage })))
  if (rows.length === 0) return null
  const content = table<{ of: FunctionProfile; index: number; usage: UsageFigures }>(
    'Usage by function and key',
    [
      { title: 'Function', cell: ({ of, index }) => functionName(of, index) },
      { title: 'Key', cell: ({ usage }) => (usage.key === null ? '–' : outsideText(usage.key)) },
      { title: 'Used', cell: ({ usage }) => units(usage) },
    ],
    rows,
  )
  return section('usage', 'Usage', content)
}

/** The name in the colour that the function has in charts. */
export function functionName({ function: name, version }: FunctionProfile, index: number): Markup {
  return html`<span class="swatch series-${index % 8}"></span>${outsideText(name)} <small>version ${version}</small>`
}

function units({ units: used }: UsageFigures): readonly Markup[] {
  return Object.entries(used).map(([unit, amount]) =>
    unit === 'dollars'
      ? html`<span class="unit">${formatDollars(amount)}</span>`
      : html`<span class="unit">${formatAmount(amount)} ${outsideText(unit)}</span>`,
  )
}

function waitShares({ waits }: FunctionProfile): readonly Share[] {
  return waitCauses.map((cause) => ({
    name: `waiting: ${waitNames[cause]}`,
    className: `wait-${cause}`,
    distribution: waits[cause],
  }))
}

function savedCell(of: FunctionProfile): Markup | string {
  const saved = savedRowsOf(of)
  if (saved === 0) return '0'
  const by = savedBy
    .filter((cause) => of.saved[cause] > 0)
    .map((cause) => `${savedByNames[cause]}: ${formatCount(of.saved[cause])}`)
  return html`${formatCount(saved)}${by.map((text) => html`<small class="line">${text}</small>`)}`
}

function quantile({ count }: Distribution, milliseconds: number): string {
  return count === 0 ? '–' : formatQuantile(milliseconds)
}

function queue(of: FunctionProfile, which: 'p50' | 'p99'): string {
  const distribution = queueOf(of)
  return quantile(distribution, distribution[which])
}

/** A bar with its figure in words beside it. */
function meter(share: number | null, className = 'run'): Markup | string {
  if (share === null) return '–'
  const width = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10
  return html`<span class="meter"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" width="100" height="8"/><rect class="${className}" width="${width}" height="8"/></svg> ${formatShare(share)}</span>`
}
