import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Session } from 'callplane'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { peakRssBytes } from '../measure.ts'
import { gpusOf, withModels } from '../workloads/models.ts'
import { numberedModel } from '../workloads/numberedModel.ts'

/** Queries that run at once. */
const LANES = 4
/** Between two swaps, so that queries begin and end there. */
const PAUSE_MS = 20

export const figure: Figure = {
  name: 'swap',
  about: `queries that fail, mix versions or see an old one while ${LANES} lanes of them run without a pause and the version of their model is swapped in each round`,
  unit: 'queries',
  must: { atMost: 0 },
  aim: null,
  rows: 4096,
  rounds: 50,
  run,
}

/** What came of the queries. */
interface Outcome {
  queries: number
  failed: number
  mixed: number
  /** Began when a later version had been deployed. */
  stale: number
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  return withModels(options, {}, async (session) => {
    for (let version = 1; version <= rounds + 1; version++) await register(session, version, options)
    await deploy(session, 1, options)
    const outcome: Outcome = { queries: 0, failed: 0, mixed: 0, stale: 0 }
    const deployed = { version: 1, isLast: false }
    const started = performance.now()
    const lanes = Array.from({ length: LANES }, async () => {
      // oxlint-disable-next-line no-unmodified-loop-condition -- the swaps beside it change it
      while (!deployed.isLast) await query(session, rows, { outcome, least: deployed.version })
    })
    for (let version = 2; version <= rounds + 1; version++) {
      await setTimeout(PAUSE_MS)
      await deploy(session, version, options)
      deployed.version = version
    }
    deployed.isLast = true
    await Promise.all(lanes)
    const seconds = (performance.now() - started) / 1000
    const { queries, failed, mixed, stale } = outcome
    return {
      value: failed + mixed + stale,
      limit: null,
      rows,
      seconds,
      runs: rounds,
      peakRssBytes: peakRssBytes(),
      note: `${rounds} swaps under ${queries} queries of ${rows} rows: ${failed} failed, ${mixed} mixed versions, ${stale} saw an old one`,
    }
  })
}

async function register(session: Session, version: number, { directory }: FigureOptions): Promise<void> {
  const file = join(directory, 'numbered.onnx')
  await writeFile(file, numberedModel(version))
  await session.models.registerModelVersion({ name: 'numbered', model: file })
}

async function deploy(session: Session, version: number, { device }: FigureOptions): Promise<void> {
  const sessions = { scaling: { maxReplicas: 2 }, resources: { gpu: gpusOf(device) } }
  await session.models.deployModel({ group: 'numbered', model: 'numbered', version, ...sessions })
}

/** One call of every row; each result tells the version that gave it. */
async function query(
  session: Session,
  rows: number,
  { outcome, least }: { readonly outcome: Outcome; readonly least: number },
): Promise<void> {
  outcome.queries++
  const versions = `SELECT catalog_call('model.numbered', id::FLOAT) - id AS version FROM range(${rows}) rows(id)`
  try {
    const result = await session.sql(`SELECT version, count(*) AS rows FROM (${versions}) GROUP BY version`)
    const found = await result.toRows()
    if (found.length !== 1) outcome.mixed++
    if (found.reduce((sum, row) => sum + Number(row['rows']), 0) !== rows) outcome.failed++
    if (found.some((row) => !(Number(row['version']) >= least))) outcome.stale++
  } catch (error) {
    outcome.failed++
    console.error(error)
  }
}
