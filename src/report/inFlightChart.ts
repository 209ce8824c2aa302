import type { TimelineBatch } from '../run/profile/timeline.ts'
import { html, type Markup, trusted } from './html.ts'

const BUCKETS = 250
const WIDTH = 1000
const HEIGHT = 120

export interface TimeRange {
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
}

/** How many calls ran at once, by function, as areas on top of one another; also where no script runs. */
export function inFlightChart(
  batches: readonly TimelineBatch[],
  functions: readonly string[],
  { range, every }: { readonly range: TimeRange; readonly every: number },
): Markup {
  const inFlight = functions.map((_name, index) =>
    callsInFlight(
      batches.filter((batch) => batch.function === index),
      range,
    ).map((calls) => calls * every),
  )
  const sums = Array.from({ length: BUCKETS }, (_, bucket) =>
    inFlight.reduce((sum, calls) => sum + calls[bucket]!, 0),
  )
  const most = Math.max(...sums, Number.MIN_VALUE)
  let below = Array.from({ length: BUCKETS }, () => 0)
  const areas = inFlight.map((calls, index) => {
    const above = calls.map((count, bucket) => count + below[bucket]!)
    const path = areaPath(below, above, most)
    below = above
    return html`<path class="series-${index % 8}" d="${trusted(path)}"/>`
  })
  const peak = most < 1 ? most.toPrecision(1) : String(Math.round(most))
  const about = `Calls in flight over the run, at most ${peak} at once on average`
  return html`<figure><figcaption>${about}</figcaption>
<svg class="in-flight" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${about}">${areas}</svg></figure>`
}

/** The average of each part of the range. */
function callsInFlight(batches: readonly TimelineBatch[], { from, to }: TimeRange): readonly number[] {
  const buckets = Array.from({ length: BUCKETS }, () => 0)
  const width = Math.max(to - from, 1e-3) / BUCKETS
  for (const { started, milliseconds } of batches) {
    const [begin, end] = [(started - from) / width, (started + milliseconds - from) / width]
    const last = Math.min(BUCKETS - 1, Math.floor(end))
    for (let bucket = Math.max(0, Math.floor(begin)); bucket <= last; bucket++) {
      buckets[bucket]! += Math.max(0, Math.min(end, bucket + 1) - Math.max(begin, bucket))
    }
  }
  return buckets
}

function areaPath(below: readonly number[], above: readonly number[], most: number): string {
  const point = (value: number, bucket: number): string => {
    const x = (bucket / (BUCKETS - 1)) * WIDTH
    return `${round(x)} ${round(HEIGHT - (value / most) * (HEIGHT - 2))}`
  }
  const top = above.map(point)
  const bottom = below.map(point).toReversed()
  return `M${[...top, ...bottom].join('L')}Z`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
