import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { median, peakRssBytes, secondsOf } from '../measure.ts'
import { scalar, withSession } from '../openSession.ts'
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
  const times: number[] = []
  const functions = [remoteModule('wait'), waitingGroup(1, CALLS_AT_ONCE)]
  await withSession(
    {},
    async (session) => {
      const query = `SELECT sum(remote_wait_500ms(i)) FROM range(${rows}) series(i)`
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
  return { value: seconds, limit: null, rows, seconds, runs: rounds, peakRssBytes: peakRssBytes() }
}
