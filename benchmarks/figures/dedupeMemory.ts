import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { peakRssBytes, secondsOf } from '../measure.ts'
import { withSession } from '../openSession.ts'

export const figure: Figure = {
  name: 'dedupe-memory',
  about: 'peak memory of calls of which each input comes twice, half of all rows apart',
  unit: 'bytes',
  must: { atMost: 2 ** 30 },
  aim: null,
  rows: 10_000_000,
  rounds: 1,
  run,
}

async function run({ rows }: FigureOptions): Promise<Measurement> {
  const distinct = Math.ceil(rows / 2)
  const seconds = await withSession({}, (session) =>
    secondsOf({
      run: async () => {
        const query = `SELECT max(number), sum(number) FROM (
          SELECT call_number('a memo of row ' || (id % ${distinct})) AS number FROM range(${rows}) AS rows(id))`
        const [result = {}] = await (await session.sql(query)).toRows()
        const [calls, sum] = Object.values(result).map(Number)
        // Each number once for the first rows, and again for their equals.
        if (calls !== distinct || sum !== distinct * (distinct + 1)) {
          throw new Error(`${distinct} distinct rows became ${calls} calls, whose numbers make ${sum}`)
        }
      },
    }),
  )
  const peak = peakRssBytes()
  return {
    value: peak,
    limit: null,
    rows,
    seconds,
    runs: 1,
    peakRssBytes: peak,
    note: `${Math.round(rows / seconds).toLocaleString('en')} rows/s`,
  }
}
