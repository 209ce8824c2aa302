import type { Session, SessionSettings } from 'callplane'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { peakRssBytes, secondsOf } from '../measure.ts'
import { withSession } from '../openSession.ts'

/** Rows of DuckDB's vectors, the smallest batch there is. */
const VECTOR_ROWS = 2048

export const figure: Figure = {
  name: 'laziness',
  about:
    'rows called beyond those that a LIMIT 100, a filter that keeps 1,000 and a CASE branch of 10 % need, at worst',
  unit: 'rows',
  must: { atMost: VECTOR_ROWS },
  aim: { atMost: 0 },
  rows: 1_000_000,
  rounds: 1,
  run,
}

interface Case {
  readonly name: string
  readonly sql: string
  readonly needed: number
  readonly results: number
}

const routes: readonly SessionSettings[] = [{}, { route: 'staged' }]

async function run(options: FigureOptions): Promise<Measurement> {
  const cases = casesOf(await makeDoubles(options), options.rows)
  const counts: { readonly note: string; readonly excess: number }[] = []
  const seconds = await secondsOf({
    run: async () => {
      for (const settings of routes) {
        await withSession(settings, async (session) => {
          for (const each of cases) {
            const called = await rowsCalled(session, each)
            const note = `${settings.route ?? 'default'} ${each.name} ${called} of ${each.needed}`
            counts.push({ note, excess: called - each.needed })
          }
        })
      }
    },
  })
  return {
    value: Math.max(...counts.map(({ excess }) => excess)),
    limit: 0,
    rows: options.rows,
    seconds,
    runs: 1,
    peakRssBytes: peakRssBytes(),
    note: counts.map(({ note }) => note).join(', '),
  }
}

function casesOf(input: string, rows: number): readonly Case[] {
  const kept = Math.min(rows, 1000)
  const inBranch = Math.ceil(rows / 10)
  const doubled = `SELECT id, double_plus_one(amount) AS result FROM '${input}'`
  const step = Math.floor(rows / kept)
  return [
    { name: 'LIMIT', sql: `${doubled} LIMIT 100`, needed: 100, results: 100 },
    {
      name: 'filter',
      sql: `SELECT * FROM (${doubled}) WHERE id % ${step} = 0 AND id < ${step * kept}`,
      needed: kept,
      results: kept,
    },
    {
      name: 'CASE',
      sql: `SELECT id, CASE WHEN id % 10 = 0 THEN double_plus_one(amount) ELSE 0 END AS result FROM '${input}'`,
      needed: inBranch,
      results: rows,
    },
  ]
}

async function rowsCalled(session: Session, { name, sql, needed, results }: Case): Promise<number> {
  const result = await session.sql(sql)
  const found = await result.drain()
  if (found !== results) throw new Error(`${name} gave ${found} rows, not ${results}`)
  const called = result.calls.reduce((sum, { rows }) => sum + rows, 0)
  if (called < needed) throw new Error(`${name} called ${called} rows of the ${needed} that it needs`)
  return called
}
