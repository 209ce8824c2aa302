import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { median, peakRssBytes, secondsOf } from '../measure.ts'
import { scalar, withSession } from '../openSession.ts'
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
  const times: number[] = []
  const functions = [remoteModule('wait'), waitingGroup(REPLICAS, CALLS_OF_REPLICA)]
  await withSession(
    {},
    async (session) => {
      const query = `SELECT sum(remote_wait_50ms(id)) FROM '${input}'`
      for (let round = 0; round <= rounds; round++) {
        let sum = Number.NaN
        const seconds = await secondsOf({
          run: async () => void (sum = Number(await scalar(session, query))),
        })
        if (sum !== (rows * (rows - 1)) / 2)
          throw new Error(`the sum of ${rows} row numbers came out as ${sum}`)
        if (round > 0) times.push(seconds)
      }
    },
    { functions, state: null },
  )
  const seconds = median(times)
  const ideal = (rows / BATCH_ROWS / (REPLICAS * CALLS_OF_REPLICA)) * WAIT_SECONDS
  return {
    ratio: ideal / seconds,
    value: rows / seconds,
    limit: rows / ideal,
    rows,
    seconds,
    runs: rounds,
    peakRssBytes: peakRssBytes(),
  }
}
