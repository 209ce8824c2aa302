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

async function run({ rows, rounds, directory }: FigureOptions): Promise<Measurement> {
  const request = { sessions: SESSIONS, uses: MODELS * rounds, rows, directory }
  const few = await inChild('useModels', { ...request, models: SESSIONS })
  let peakRssBytes = Number.NaN
  const seconds = await secondsOf({
    run: async () => {
      ;({ peakRssBytes } = await inChild('useModels', { ...request, models: MODELS }))
    },
  })
  return {
    ratio: peakRssBytes / few.peakRssBytes,
    value: peakRssBytes,
    limit: few.peakRssBytes,
    rows,
    seconds,
    runs: rounds,
    peakRssBytes,
  }
}
