import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Session } from 'callplane'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { median, peakRssBytes, secondsOf } from '../measure.ts'
import { callsOfSum, withSession } from '../openSession.ts'
import { DISTINCT, expectCalls, sumOfRepeated } from '../workloads/repeated.ts'

export const figure: Figure = {
  name: 'warm-cache',
  about: 'the run of dedupe again with a cache that an earlier session filled: no calls',
  unit: 'rows/s',
  must: { atLeast: 300_000 },
  aim: { atLeast: 1_000_000 },
  rows: 64_000,
  rounds: 7,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const state = await mkdtemp(join(options.directory, 'state-'))
  try {
    return await measure(options, state)
  } finally {
    await rm(state, { recursive: true })
  }
}

async function measure(options: FigureOptions, state: string): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeDoubles(options)
  const repeated = await timesOf(input, {
    state: join(state, 'repeated'),
    rows,
    rounds,
    argument: `id % ${DISTINCT}`,
    sum: sumOfRepeated(rows),
    distinct: Math.min(rows, DISTINCT),
  })
  const distinct = await timesOf(input, {
    state: join(state, 'distinct'),
    rows,
    rounds,
    argument: 'id',
    sum: (rows * (rows - 1)) / 2,
    distinct: rows,
  })
  const speedOfDistinct = Math.round(rows / median(distinct)).toLocaleString('en')
  const seconds = median(repeated)
  return {
    value: rows / seconds,
    limit: null,
    rows,
    seconds,
    runs: rounds,
    peakRssBytes: peakRssBytes(),
    note: `${speedOfDistinct} rows/s where all rows differ`,
  }
}

interface CachedRun {
  readonly state: string
  readonly rows: number
  readonly rounds: number
  readonly argument: string
  readonly sum: number
  /** Rows that are called as long as none is cached. */
  readonly distinct: number
}

/** Seconds of queries that find every row in the cache, each in a session that has read nothing of it yet. */
async function timesOf(
  input: string,
  { state, rows, rounds, argument, sum, distinct }: CachedRun,
): Promise<readonly number[]> {
  const query = `SELECT sum(catalog_call('wait_50ms', ${argument}, options => {cache: true})) FROM '${input}'`
  const sumOfParity = Math.floor(rows / 2)
  const times: number[] = []
  // The first fills the cache, the second warms up.
  for (let round = 0; round < rounds + 2; round++) {
    const work = async (session: Session): Promise<number> => {
      let calls = Number.NaN
      // Its threads have started; nothing of the cache is read yet.
      await callsOfSum(session, `SELECT sum(wait_50ms(id % 2)) FROM '${input}'`, sumOfParity)
      const again = async (): Promise<void> => {
        calls = await callsOfSum(session, query, sum)
      }
      const seconds = await secondsOf({ run: again })
      expectCalls(calls, round === 0 ? distinct : 0)
      return seconds
    }
    const seconds = await withSession({}, work, { state })
    if (round > 1) times.push(seconds)
  }
  return times
}
