import {
  formatCount,
  formatCounted,
  formatDollars,
  formatMilliseconds,
  formatShare,
} from '../run/profile/formatFigures.ts'
import { addTotals, type RunTotals, totalsOf } from '../run/profile/runProfile.ts'
import { html, type Markup, outsideText } from './html.ts'
import type { RunReport } from './runReport.ts'

const states: Readonly<Record<RunReport['run']['state'], string>> = {
  running: 'Running',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

/** Whose run it is, how it ended, and the figures that matter most. */
export function summary(report: RunReport): Markup {
  const { run } = report
  return html`<header>
<p class="product">Callplane run report</p>
<h1>${outsideText(run.name ?? run.id)} <span class="state ${run.state}">${states[run.state]}</span></h1>
<p class="about">${run.name === null ? null : html`Run ${outsideText(run.id)} · `}started ${timeText(run.started)}${
    run.ended === null ? null : html` · took ${formatMilliseconds(run.ended - run.started)}`
  }</p>
${run.error === null ? null : html`<p class="error" role="note">${outsideText(run.error)}</p>`}
<dl class="tiles">${tiles(report).map(tile)}</dl>
</header>`
}

interface Tile {
  readonly name: string
  readonly figure: string
  readonly about: string
}

function tiles({ run, profile, deadLetters }: RunReport): readonly Tile[] {
  const totals = addTotals(profile.functions.map(totalsOf))
  const seconds = run.ended === null ? 0 : (run.ended - run.started) / 1000
  return [
    {
      name: 'Rows of the result',
      figure: formatCount(run.rows),
      about: seconds > 0 ? `${formatCount(run.rows / seconds)} rows/s` : 'so far',
    },
    {
      name: 'Calls made',
      figure: formatCount(totals.calls),
      about: `for ${formatCounted(totals.rows, 'row')}`,
    },
    {
      name: 'Rows saved',
      figure: savedShare(totals),
      about: `${formatCounted(totals.savedRows, 'row')} not called`,
    },
    { name: 'Retries', figure: formatCount(totals.retries), about: 'of batches' },
    {
      name: 'Rows failed',
      figure: formatCount(totals.failedRows),
      about: deadLetters === null ? 'no dead letters' : `${formatCount(deadLetters.rows)} in dead letters`,
    },
    { name: 'Cost', figure: formatDollars(totals.dollars), about: costAbout(totals) },
  ]
}

function savedShare({ rows, savedRows }: RunTotals): string {
  return rows + savedRows === 0 ? '0 %' : formatShare(savedRows / (rows + savedRows))
}

function costAbout({ rows, dollars }: RunTotals): string {
  return rows === 0 || dollars === 0 ? 'no price' : `${formatDollars((dollars / rows) * 1000)} for 1,000 rows`
}

function tile({ name, figure, about }: Tile): Markup {
  return html`<div><dt>${name}</dt><dd>${figure}<small>${about}</small></dd></div>`
}

/** `2026-11-21 07:38:22 UTC`, for machines too. */
export function timeText(milliseconds: number): Markup {
  const date = new Date(milliseconds)
  if (Number.isNaN(date.getTime())) return html`at an unknown time`
  const iso = date.toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`
}
