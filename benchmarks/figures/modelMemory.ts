import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { inChild } from '../inChild.ts'
import { secondsOf } from '../measure.ts'

const MODELS = 20
const SESSIONS = 3

export const figure: Figure = {
  name: 'model-memory',
  about: `peak memory of ${MODELS} models of 36 MiB used in turn under a limit of ${SESSIONS} sessions, to that of ${SESSIONS} models used as often`,
  unit: 'bytes',
  must: { atMost: 1.1 },
  aim: null,
  rows: 256,
  rounds: 3,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const few = await use(SESSIONS, options)
  let peakRssBytes = Number.NaN
  const seconds = await secondsOf({
    run: async () => {
      peakRssBytes = await use(MODELS, options)
    },
  })
  return {
    ratio: peakRssBytes / few,
    value: peakRssBytes,
    limit: few,
    rows: options.rows,
    seconds,
    runs: options.rounds,
    peakRssBytes,
  }
}

/** The most memory of a process that uses so many models, which another one has registered. */
async function use(models: number, { rows, rounds, directory }: FigureOptions): Promise<number> {
  const state = await mkdtemp(join(directory, 'models-'))
  try {
    await inChild('deployModels', { state, models })
    const request = { state, models, sessions: SESSIONS, uses: MODELS * rounds, rows }
    return (await inChild('useModels', request)).peakRssBytes
  } finally {
    await rm(state, { recursive: true })
  }
}
