import type { Session } from 'callplane'
import { BareModels } from '../bareModels.ts'
import type { FigureOptions, Measurement } from '../figure.ts'
import { makeTexts } from '../inputs.ts'
import { interleave, speedRatio } from '../measure.ts'
import { scalar } from '../openSession.ts'
import { plainDuckDb } from '../plainDuckDb.ts'
import { expectSums } from './expectSums.ts'
import { bareSession, minilm, minilmFiles, serve, settingOf, withModels } from './models.ts'

const BATCH_SIZE = 32

/** Embeddings of texts in SQL, against threads that loop over prepared tensors (`uniform`) or texts as they come (`mixed`). */
export async function measureEmbed(options: FigureOptions, kind: 'uniform' | 'mixed'): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeTexts(options, { kind, tokenizer: minilmFiles().tokenizer })
  return withBareMinilm(options, kind === 'uniform' ? 'tokens' : 'texts', input, (runBare) =>
    withModels(options, {}, async (session) => {
      await serveMinilm(session, options)
      const sums = { limit: [] as number[], candidate: [] as number[] }
      const timings = await interleave(
        rounds,
        { run: async () => void sums.limit.push(await runBare()) },
        { run: async () => void sums.candidate.push(await sumOfEmbeddings(session, input)) },
      )
      expectSums(sums.limit, sums.candidate, rows)
      return speedRatio(rows, timings)
    }),
  )
}

/** Work with bare threads for a file's texts; what they are run by answers the sum of the first numbers of all embeddings. */
export async function withBareMinilm<T>(
  options: FigureOptions,
  kind: 'tokens' | 'texts',
  input: string,
  work: (runBare: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const { model, tokenizer } = minilmFiles()
  const setting = settingOf(options, BATCH_SIZE)
  const texts = (await plainDuckDb(`SELECT text FROM '${input}'`)).map(([text]) => String(text))
  const bare = await BareModels.start(bareSession(model, setting), { kind, tokenizer, texts }, setting)
  try {
    return await work(() => bare.run(Math.ceil(texts.length / BATCH_SIZE)))
  } finally {
    await bare.close()
  }
}

/** Deploys `model.minilm`. */
export async function serveMinilm(session: Session, options: FigureOptions): Promise<void> {
  await serve(session, { name: 'minilm', ...minilm() }, settingOf(options, BATCH_SIZE))
}

/** The sum of the first numbers of the embeddings of a file's texts. */
export async function sumOfEmbeddings(session: Session, input: string): Promise<number> {
  const first = `SELECT catalog_call('model.minilm', text)[1] AS first FROM '${input}'`
  return Number(await scalar(session, `SELECT sum(first::DOUBLE) FROM (${first})`))
}
