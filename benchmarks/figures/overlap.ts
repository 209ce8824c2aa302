import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { medianSeconds, peakRssBytes } from '../measure.ts'
import { expectNumber, withSession } from '../openSession.ts'
import { remoteModule, waitingGroup } from '../workloads/remote.ts'

const CALLS_AT_ONCE = 4

export const figure: Figure = {
  name: 'overlap',
  about: 'six batches of ten rows to a local worker that takes half a second, four at a time',
  unit: 's',
  must: { atMost: 1.2 },
  aim: { atMost: 1.05 },
  rows: 60,
  rounds: 5,
  run,
}

async function run({ rows, rounds }: FigureOptions): Promise<Measurement> {
  const functions = [remoteModule('wait'), waitingGroup(1, CALLS_AT_ONCE)]
  const seconds = await withSession(
    {},
    (session) => {
      const query = `SELECT sum(remote_wait_500ms(i)) FROM range(${rows}) series(i)`
      return medianSeconds(rounds, () => expectNumber(session, query, (rows * (rows - 1)) / 2))
    },
    { functions, state: null },
  )
  return { value: seconds, limit: null, rows, seconds, runs: rounds, peakRssBytes: peakRssBytes() }
}
