import type { Session } from 'callplane'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeStrings } from '../inputs.ts'
import { interleave, speedRatio } from '../measure.ts'
import { expectNumber, withSession } from '../openSession.ts'
import { STRING_LENGTH } from '../tasks/makeInput.ts'
import { ChalkEngine } from '../workloads/chalkEngine.ts'
import { textGroup, withPythonWorker } from '../workloads/remote.ts'

export const figure: Figure = {
  name: 'remote-python',
  about:
    "texts of 100 bytes of parquet to a chalk-remote-call worker that puts them in upper case, summed in SQL, to Chalk's engine calling the same worker",
  unit: 'rows/s',
  must: { atLeast: 1 },
  aim: { atLeast: 2 },
  rows: 1_000_000,
  rounds: 5,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeStrings(options)
  const bytes = rows * STRING_LENGTH
  return withPythonWorker('upper', async (endpoint) => {
    const engine = ChalkEngine.open(endpoint, input)
    const measure = async (session: Session): Promise<Measurement> => {
      const upper = `SELECT text, catalog_call('model.upper', text) AS result FROM '${input}'`
      const sum = `SELECT sum(strlen(result)) FROM (${upper})`
      const timings = await interleave(
        rounds,
        { run: () => engine.expectSum(bytes) },
        { run: () => expectNumber(session, sum, bytes) },
      )
      await expectNumber(session, `SELECT count(*) FILTER (result = upper(text)) FROM (${upper})`, rows)
      return speedRatio(rows, timings)
    }
    try {
      return await withSession({}, measure, { functions: [textGroup('upper', endpoint)] })
    } finally {
      await engine.close()
    }
  })
}
