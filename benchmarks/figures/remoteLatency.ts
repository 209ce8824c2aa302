import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { idealRatio, medianSeconds } from '../measure.ts'
import { expectNumber, withSession } from '../openSession.ts'
import { remoteModule, waitingGroup } from '../workloads/remote.ts'

const BATCH_ROWS = 64
const REPLICAS = 4
const CALLS_OF_REPLICA = 8
const WAIT_SECONDS = 0.05

export const figure: Figure = {
  name: 'remote-latency',
  about:
    'batches of 64 to 4 local workers that take 50 ms, 32 at a time, to the time that 32 lanes without gaps would take',
  unit: 'rows/s',
  must: { atLeast: 0.93 },
  aim: { atLeast: 0.98 },
  rows: 64_000,
  rounds: 5,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeDoubles(options)
  const functions = [remoteModule('wait'), waitingGroup(REPLICAS, CALLS_OF_REPLICA)]
  const seconds = await withSession(
    {},
    (session) => {
      const query = `SELECT sum(remote_wait_50ms(id)) FROM '${input}'`
      return medianSeconds(rounds, () => expectNumber(session, query, (rows * (rows - 1)) / 2))
    },
    { functions, state: null },
  )
  const ideal = (rows / BATCH_ROWS / (REPLICAS * CALLS_OF_REPLICA)) * WAIT_SECONDS
  return idealRatio(options, { ideal, seconds })
}
