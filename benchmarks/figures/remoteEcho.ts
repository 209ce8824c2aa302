import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeStrings } from '../inputs.ts'
import { median, peakRssBytes, secondsOf } from '../measure.ts'
import { expectNumber, withSession } from '../openSession.ts'
import { STRING_LENGTH } from '../tasks/makeInput.ts'
import { remoteModule, textGroup, withWorker } from '../workloads/remote.ts'

export const figure: Figure = {
  name: 'remote-echo',
  about:
    'texts of 100 bytes of parquet to a local worker of ours and back, in batches of 8,192, summed in SQL',
  unit: 'rows/s',
  must: { atLeast: 300_000 },
  aim: { atLeast: 800_000 },
  rows: 1_000_000,
  rounds: 5,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeStrings(options)
  const times: number[] = []
  await withWorker(remoteModule('echo'), ['--group', 'echo'], async (endpoint) => {
    const functions = [textGroup('echo', endpoint)]
    await withSession(
      {},
      async (session) => {
        const echoed = `SELECT text, catalog_call('model.echo', text) AS result FROM '${input}'`
        const sum = `SELECT sum(strlen(result)) FROM (${echoed})`
        for (let round = 0; round <= rounds; round++) {
          const query = (): Promise<void> => expectNumber(session, sum, rows * STRING_LENGTH)
          const seconds = await secondsOf({ run: query })
          if (round > 0) times.push(seconds)
        }
        await expectNumber(session, `SELECT count(*) FILTER (result = text) FROM (${echoed})`, rows)
      },
      { functions },
    )
  })
  const seconds = median(times)
  return { value: rows / seconds, limit: null, rows, seconds, runs: rounds, peakRssBytes: peakRssBytes() }
}
