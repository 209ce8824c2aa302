import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { idealRatio, medianSeconds } from '../measure.ts'
import { expectNumber, withSession } from '../openSession.ts'

const BATCH_ROWS = 64
const CONCURRENT = 32
const WAIT_SECONDS = 0.05

export const figure: Figure = {
  name: 'latency',
  about:
    'an async function of 50 ms, batches of 64, 32 at a time, to the time that 32 lanes without gaps would take',
  unit: 'rows/s',
  must: { atLeast: 0.93 },
  aim: { atLeast: 0.97 },
  rows: 64_000,
  rounds: 5,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeDoubles(options)
  const seconds = await withSession({}, (session) => {
    const query = `SELECT sum(wait_50ms(id)) FROM '${input}'`
    return medianSeconds(rounds, () => expectNumber(session, query, (rows * (rows - 1)) / 2))
  })
  const ideal = (rows / BATCH_ROWS / CONCURRENT) * WAIT_SECONDS
  return idealRatio(options, { ideal, seconds })
}
