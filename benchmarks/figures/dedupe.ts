import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { interleave, speedRatio } from '../measure.ts'
import { callsOfSum, withSession } from '../openSession.ts'
import { DISTINCT, expectCalls, sumOfRepeated } from '../workloads/repeated.ts'

export const figure: Figure = {
  name: 'dedupe',
  about: `rows of ${DISTINCT} distinct values to an async function of 50 ms, batches of 64, 32 at a time; to a call of every row`,
  unit: 'rows/s',
  must: { atLeast: 15 },
  aim: { atLeast: 25 },
  rows: 64_000,
  rounds: 9,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeDoubles(options)
  const expected = sumOfRepeated(rows)
  const query = `SELECT sum(wait_50ms(id % ${DISTINCT})) FROM '${input}'`
  const every = `SELECT sum(catalog_call('wait_50ms', id % ${DISTINCT}, options => {dedupe: false})) FROM '${input}'`
  const timings = await withSession({}, (session) =>
    interleave(
      rounds,
      { run: async () => expectCalls(await callsOfSum(session, every, expected), rows) },
      {
        run: async () => expectCalls(await callsOfSum(session, query, expected), Math.min(rows, DISTINCT)),
      },
    ),
  )
  return speedRatio(rows, timings)
}
