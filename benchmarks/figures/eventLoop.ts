import type { Session } from 'callplane'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeTexts, makeVectors } from '../inputs.ts'
import { longestBlock } from '../longestBlock.ts'
import { peakRssBytes } from '../measure.ts'
import { serveMinilm, sumOfEmbeddings, withBareMinilm } from '../workloads/embed.ts'
import { minilmFiles, withModels } from '../workloads/models.ts'
import { predict, servePerceptron } from '../workloads/vectors.ts'

/** Vectors for each text, which take about as long. */
const VECTORS = 50

export const figure: Figure = {
  name: 'event-loop',
  about:
    'the longest block of the main thread while the work of embed-uniform, embed-mixed and mlp runs, at its worst',
  unit: 's',
  must: { atMost: 0.02 },
  aim: null,
  rows: 2000,
  rounds: 1,
  run,
}

interface Work {
  readonly name: string
  readonly run: (session: Session) => Promise<unknown>
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { tokenizer } = minilmFiles()
  const uniform = await makeTexts(options, { kind: 'uniform', tokenizer })
  const mixed = await makeTexts(options, { kind: 'mixed', tokenizer })
  const vectors = await makeVectors({ ...options, rows: options.rows * VECTORS })
  const works: readonly Work[] = [
    { name: 'loading', run: (session) => serveAll(session, options) },
    { name: 'embed-uniform', run: (session) => sumOfEmbeddings(session, uniform) },
    { name: 'embed-mixed', run: (session) => sumOfEmbeddings(session, mixed) },
    { name: 'mlp', run: (session) => predict(session, vectors) },
  ]
  // What the machine itself keeps a thread from that has nothing to do.
  const limit = await withBareMinilm(options, 'texts', mixed, (runBare) => longestBlock(runBare))
  const started = performance.now()
  const blocks = await withModels(options, {}, async (session) => {
    const found: { readonly name: string; readonly seconds: number }[] = []
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, run: work } of round === 0 ? works : works.slice(1)) {
        found.push({ name, seconds: await longestBlock(() => work(session)) })
      }
    }
    return found
  })
  return {
    value: Math.max(...blocks.map(({ seconds }) => seconds)),
    limit,
    rows: options.rows,
    seconds: (performance.now() - started) / 1000,
    runs: options.rounds,
    peakRssBytes: peakRssBytes(),
    note: blocks.map(({ name, seconds }) => `${name} ${(seconds * 1000).toFixed(1)} ms`).join(', '),
  }
}

async function serveAll(session: Session, options: FigureOptions): Promise<void> {
  await serveMinilm(session, options)
  await servePerceptron(session, options)
}
