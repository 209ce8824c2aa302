import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeStrings } from '../inputs.ts'
import { medianSeconds, peakRssBytes } from '../measure.ts'
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
  const seconds = await withWorker(remoteModule('echo'), ['--group', 'echo'], async (endpoint) => {
    const functions = [textGroup('echo', endpoint)]
    return withSession(
      {},
      async (session) => {
        const echoed = `SELECT text, catalog_call('model.echo', text) AS result FROM '${input}'`
        const sum = `SELECT sum(strlen(result)) FROM (${echoed})`
        const median = await medianSeconds(rounds, () => expectNumber(session, sum, rows * STRING_LENGTH))
        await expectNumber(session, `SELECT count(*) FILTER (result = text) FROM (${echoed})`, rows)
        return median
      },
      { functions },
    )
  })
  return { value: rows / seconds, limit: null, rows, seconds, runs: rounds, peakRssBytes: peakRssBytes() }
}
