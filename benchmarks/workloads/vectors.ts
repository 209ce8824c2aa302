import type { Session } from 'callplane'
import { BareModels } from '../bareModels.ts'
import type { FigureOptions, Measurement } from '../figure.ts'
import { makeVectors } from '../inputs.ts'
import { interleave, speedRatio } from '../measure.ts'
import { plainDuckDb } from '../plainDuckDb.ts'
import { VECTOR_SIZE } from '../tasks/makeInput.ts'
import { expectSums } from './expectSums.ts'
import { bareSession, perceptronFile, serve, settingOf, withModels } from './models.ts'

const BATCH_SIZE = 256
/** Vectors that the bare threads hold; they run on them again and again. */
const HELD = 8192
const SLICE = 512

/** A perceptron over vectors of a file, summed in SQL, against threads that loop over tensors in memory. */
export async function measureVectors(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeVectors(options)
  const setting = settingOf(options, BATCH_SIZE)
  const work = { kind: 'vectors', values: await readVectors(input), size: VECTOR_SIZE } as const
  const bare = await BareModels.start(bareSession(perceptronFile('mlp'), setting), work, setting)
  try {
    return await withModels(options, {}, async (session) => {
      await servePerceptron(session, options)
      const counts: number[] = []
      const timings = await interleave(
        rounds,
        { run: async () => void (await bare.run(Math.ceil(rows / BATCH_SIZE))) },
        { run: async () => void counts.push((await predict(session, input)).count) },
      )
      const wrong = counts.find((count) => count !== rows)
      if (wrong !== undefined) throw new Error(`${rows} vectors gave ${wrong} results`)
      const held = Math.min(rows, HELD)
      const expected = await bare.run(Math.ceil(held / BATCH_SIZE))
      expectSums([expected], [(await predict(session, input, held)).sum], held)
      return speedRatio(rows, timings)
    })
  } finally {
    await bare.close()
  }
}

/** Deploys `model.mlp`. */
export async function servePerceptron(session: Session, options: FigureOptions): Promise<void> {
  await serve(session, { name: 'mlp', model: perceptronFile('mlp') }, settingOf(options, BATCH_SIZE))
}

/** Calls the model for the first rows of a file, all by default; sums the first numbers of its results. */
export async function predict(
  session: Session,
  input: string,
  rows: number | null = null,
): Promise<{ readonly sum: number; readonly count: number }> {
  const some = rows === null ? '' : `WHERE id < ${rows}`
  const first = `SELECT catalog_call('model.mlp', x::FLOAT[${VECTOR_SIZE}])[1] AS first FROM '${input}' ${some}`
  const result = await session.sql(`SELECT sum(first::DOUBLE) AS sum, count(first) AS count FROM (${first})`)
  const [row = {}] = await result.toRows()
  return { sum: Number(row['sum']), count: Number(row['count']) }
}

async function readVectors(input: string): Promise<Float32Array> {
  const numbers: number[] = []
  // A few at a time, as DuckDB gives each number as an object of its own.
  for (let from = 0; from < HELD; from += SLICE) {
    const slice = `SELECT unnest(x) FROM '${input}' WHERE id >= ${from} AND id < ${from + SLICE}`
    for (const [number] of await plainDuckDb(slice)) numbers.push(Number(number))
  }
  return Float32Array.from(numbers)
}
