import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeLines } from '../inputs.ts'
import { median, peakRssBytes, secondsOf } from '../measure.ts'
import { scalar } from '../openSession.ts'
import { withOwnWorkers } from '../workloads/remote.ts'

export const figure: Figure = {
  name: 'remote-echo',
  about: 'texts of 100 bytes of parquet to a local worker of ours and back, in batches of 8,192, summed in SQL',
  unit: 'rows/s',
  must: { atLeast: 300_000 },
  aim: { atLeast: 800_000 },
  rows: 1_000_000,
  rounds: 5,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeLines(options)
  const group = {
    name: 'echo',
    input: { text: 'VARCHAR' },
    output: 'VARCHAR',
    batching: { maxBatchingSize: 8192 },
  }
  const times: number[] = []
  await withOwnWorkers({ module: 'echo', ...group }, async (session) => {
    const echoed = `SELECT text, catalog_call('model.echo', text) AS result FROM '${input}'`
    for (let round = 0; round <= rounds; round++) {
      let sum: unknown
      const seconds = await secondsOf({
        run: async () => void (sum = await scalar(session, `SELECT sum(strlen(result)) FROM (${echoed})`)),
      })
      if (Number(sum) !== rows * 100) throw new Error(`${rows} texts of 100 bytes came out as ${Number(sum)} bytes`)
      if (round > 0) times.push(seconds)
    }
    const same = await scalar(session, `SELECT count(*) FILTER (result = text) FROM (${echoed})`)
    if (Number(same) !== rows) throw new Error(`${Number(same)} of ${rows} texts came back as they were`)
  })
  const seconds = median(times)
  return { value: rows / seconds, limit: null, rows, seconds, runs: rounds, peakRssBytes: peakRssBytes() }
}
