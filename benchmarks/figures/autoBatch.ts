import type { Session } from 'callplane'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { median, peakRssBytes, secondsOf } from '../measure.ts'
import { withSession } from '../openSession.ts'

const SIZES = [256, 1024, 4096, 8192, 16_384]
/** A size is found when the function works nearly as fast with it as with the best one. */
const NEARLY = 0.9
/** Batches that tell whether it stays. */
const SETTLED_BATCHES = 16
/** Share of the rows that may be called before. */
const SEARCH = 0.05

export const figure: Figure = {
  name: 'auto-batch',
  about: `a function of 20 ms and 0.1 ms a row, 8 at a time, in batches of a size that is found, to the best of ${SIZES.join(', ')}`,
  unit: 'rows/s',
  must: { atLeast: 0.9 },
  aim: null,
  rows: 640_000,
  rounds: 1,
  run,
}

/** What one run took, and the size of each batch in the order in which they were sent. */
interface SizedRun {
  readonly seconds: number
  readonly sizes: readonly number[]
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeDoubles(options)
  const fixed = new Map<number, number[]>(SIZES.map((size) => [size, []]))
  const found: SizedRun[] = []
  await withSession({}, async (session) => {
    // Its threads have started; nothing of the function is known yet.
    await sumInBatches(session, `SELECT sum(pass_through(id)) FROM '${input}'`, rows)
    for (let round = 0; round < rounds; round++) {
      found.push(await sumInBatches(session, `SELECT sum(cost_20ms(id)) FROM '${input}'`, rows))
      for (const [size, times] of fixed) {
        const call = `catalog_call('cost_20ms', id, options => {batch_size: ${size}})`
        times.push((await sumInBatches(session, `SELECT sum(${call}) FROM '${input}'`, rows)).seconds)
      }
    }
  })
  const [bestSize = 0, bestTimes = []] =
    [...fixed].toSorted(([, left], [, right]) => median(left) - median(right))[0] ?? []
  const [best, seconds] = [median(bestTimes), median(found.map((auto) => auto.seconds))]
  const searched = Math.max(...found.map(({ sizes }) => rowsOfSearch(sizes, bestSize) / rows))
  return {
    ratio: best / seconds,
    value: rows / seconds,
    limit: rows / best,
    rows,
    seconds,
    runs: rounds,
    peakRssBytes: peakRssBytes(),
    note: `the best is ${bestSize}; a good size was found after ${percent(searched)} of the rows, where ${percent(SEARCH)} may pass`,
  }
}

/** Rows a millisecond of batches of a size. */
const speed = (size: number): number => size / (20 + size / 10)

/** Rows that were sent before most batches have a size with which the function is nearly as fast as with the best. */
function rowsOfSearch(sizes: readonly number[], bestSize: number): number {
  const found = sizes.findIndex((_size, index) => {
    const next = sizes.slice(index, index + SETTLED_BATCHES)
    return speed(median(next)) >= NEARLY * speed(bestSize)
  })
  return sizes.slice(0, found < 0 ? sizes.length : found).reduce((sum, size) => sum + size, 0)
}

async function sumInBatches(session: Session, query: string, rows: number): Promise<SizedRun> {
  let sum = Number.NaN
  let sizes: readonly number[] = []
  const seconds = await secondsOf({
    run: async () => {
      const result = await session.sql(query)
      const [row = {}] = await result.toRows()
      sum = Number(Object.values(row)[0])
      sizes = result.profile.timeline.rows
    },
  })
  if (sum !== (rows * (rows - 1)) / 2) throw new Error(`the sum of ${rows} row numbers came out as ${sum}`)
  return { seconds, sizes }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
