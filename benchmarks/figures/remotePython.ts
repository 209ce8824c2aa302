import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeLines } from '../inputs.ts'
import { interleave, speedRatio } from '../measure.ts'
import { scalar } from '../openSession.ts'
import { ChalkEngine } from '../workloads/chalkEngine.ts'
import { withPythonWorker } from '../workloads/remote.ts'

export const figure: Figure = {
  name: 'remote-python',
  about: "texts of 100 bytes of parquet to a chalk-remote-call worker that puts them in upper case, summed in SQL, to Chalk's engine calling the same worker",
  unit: 'rows/s',
  must: { atLeast: 1 },
  aim: { atLeast: 2 },
  rows: 1_000_000,
  rounds: 5,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeLines(options)
  return withPythonWorker('upper', async (session, endpoint) => {
    const engine = ChalkEngine.open(endpoint, input)
    const upper = `SELECT text, catalog_call('model.upper', text) AS result FROM '${input}'`
    const check = (sum: unknown): void => {
      if (Number(sum) !== rows * 100) throw new Error(`${rows} texts of 100 bytes came out as ${Number(sum)} bytes`)
    }
    try {
      const timings = await interleave(
        rounds,
        { run: async () => check(await engine.sum()) },
        { run: async () => check(await scalar(session, `SELECT sum(strlen(result)) FROM (${upper})`)) },
      )
      const same = await scalar(session, `SELECT count(*) FILTER (result = upper(text)) FROM (${upper})`)
      if (Number(same) !== rows) throw new Error(`${Number(same)} of ${rows} texts came back in upper case`)
      return speedRatio(rows, timings)
    } finally {
      await engine.close()
    }
  })
}
