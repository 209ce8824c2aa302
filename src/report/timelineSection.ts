import { formatCount, formatCounted, formatMilliseconds } from '../run/profile/formatFigures.ts'
import type { FunctionProfile } from '../run/profile/runProfile.ts'
import { type TimelineBatch, timelineBatches } from '../run/profile/timeline.ts'
import { functionName } from './functionSections.ts'
import { embeddedJson, html, type Markup } from './html.ts'
import { inFlightChart, type TimeRange } from './inFlightChart.ts'
import { assignLanes } from './lanes.ts'
import type { RunReport } from './runReport.ts'
import { section } from './section.ts'
import { table } from './table.ts'

const SLOWEST_SHOWN = 10

/** When each batch ran: calls in flight, every batch in its lane, and the slowest ones as a table. */
export function timelineSection({ profile }: RunReport): Markup | null {
  const { functions, timeline } = profile
  const batches = timelineBatches(timeline)
  if (batches.length === 0) return null
  const range = rangeOf(batches)
  const names = functions.map((of) => of.function)
  const sampled =
    timeline.every === 1
      ? null
      : html`<p class="note">There were many batches: one of ${formatCount(timeline.every)} is shown.</p>`
  const content = html`<ul class="legend">${functions.map((of, index) => html`<li>${functionName(of, index)}</li>`)}
<li><span class="swatch failed"></span>failed attempt</li></ul>
${inFlightChart(batches, names, { range, every: timeline.every })}
${interactive(functions, batches, range)}
${sampled}
${slowest(functions, batches, range)}`
  return section('timeline', 'Timeline', content)
}

/** What the script draws; without a script the chart above and the table below stand alone. */
function interactive(
  functions: readonly FunctionProfile[],
  batches: readonly TimelineBatch[],
  range: TimeRange,
): Markup {
  const data = embeddedJson(timelineData(functions, batches, range))
  return html`<figure class="timeline" hidden>
<figcaption>Each batch from its start to its end. Drag to zoom, double-click to see all.
<span class="controls"><button type="button" data-do="in">Zoom in</button><button type="button" data-do="out">Zoom out</button><button type="button" data-do="left" aria-label="Earlier">←</button><button type="button" data-do="right" aria-label="Later">→</button><button type="button" data-do="all">All</button></span></figcaption>
<canvas tabindex="0" role="img" aria-label="${formatCounted(batches.length, 'batch', 'batches')} over time; the slowest are listed in the table below"></canvas>
<p class="picked" aria-live="polite">Point at a batch to read its figures.</p>
</figure>
<script type="application/json" id="timeline-data">${data}</script>`
}

/** Times from the start of the range, in milliseconds; lanes of functions lie one below the other. */
function timelineData(
  functions: readonly FunctionProfile[],
  batches: readonly TimelineBatch[],
  { from, to }: TimeRange,
): unknown {
  const lanes = batches.map(() => 0)
  const bands = functions.map((of, index) => {
    const own = [...batches.keys()].filter((place) => batches[place]!.function === index)
    const assigned = assignLanes(own.map((place) => batches[place]!))
    for (const [order, place] of own.entries()) lanes[place] = assigned.lanes[order]!
    return { name: of.function, version: of.version, lanes: assigned.count }
  })
  return {
    bands,
    length: to - from,
    function: batches.map((batch) => batch.function),
    lane: lanes,
    start: batches.map(({ started }) => Math.round((started - from) * 1000) / 1000),
    took: batches.map(({ milliseconds }) => milliseconds),
    batch: batches.map(({ batch }) => batch),
    rows: batches.map(({ rows }) => rows),
    attempt: batches.map(({ attempt }) => attempt),
    error: batches.map(({ error }) => error),
  }
}

function slowest(
  functions: readonly FunctionProfile[],
  batches: readonly TimelineBatch[],
  { from }: TimeRange,
): Markup {
  const rows = batches.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, SLOWEST_SHOWN)
  const content = table<TimelineBatch>(
    'The slowest batches',
    [
      { title: 'Function', cell: (batch) => functionName(functions[batch.function]!, batch.function) },
      { title: 'Batch', figure: true, cell: ({ batch }) => formatCount(batch) },
      { title: 'Attempt', figure: true, cell: ({ attempt }) => formatCount(attempt) },
      { title: 'Rows', figure: true, cell: ({ rows: count }) => formatCount(count) },
      { title: 'Began after', figure: true, cell: ({ started }) => formatMilliseconds(started - from) },
      { title: 'Took', figure: true, cell: ({ milliseconds }) => formatMilliseconds(milliseconds) },
      { title: 'Ended', cell: ({ error }) => (error === null ? 'well' : html`<code>${error}</code>`) },
    ],
    rows,
  )
  return html`<details><summary>The slowest batches</summary>${content}</details>`
}

function rangeOf(batches: readonly TimelineBatch[]): TimeRange {
  let [from, to] = [Infinity, -Infinity]
  for (const { started, milliseconds } of batches) {
    from = Math.min(from, started)
    to = Math.max(to, started + milliseconds)
  }
  return { from, to }
}
