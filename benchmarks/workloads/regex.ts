import type { Session, SessionSettings } from 'callplane'
import { BareThreads } from '../bareThreads.ts'
import type { FigureOptions, Measurement } from '../figure.ts'
import { makeMemos } from '../inputs.ts'
import { interleave, speedRatio } from '../measure.ts'
import { scalar, withSession } from '../openSession.ts'
import { plainDuckDb } from '../plainDuckDb.ts'
import { extractEntities } from './extractEntities.ts'

/** Texts that the bare threads hold: few, so that their collector has nothing to do for them. */
const TEXTS_MAX = 100_000
const CHECKED_ROWS = 10_000

/** Entities by five regular expressions, aggregated in SQL, against two threads that loop over strings in memory. */
export async function measureRegex(options: FigureOptions, settings: SessionSettings): Promise<Measurement> {
  const input = await makeMemos(options)
  const threads = await BareThreads.start(2, await readMemos(input, Math.min(options.rows, TEXTS_MAX)))
  try {
    return await withSession(settings, async (session) => {
      const totals: number[] = []
      const query = `SELECT sum(strlen(extract_regex(memo))) FROM '${input}'`
      const timings = await interleave(
        options.rounds,
        { run: async () => void (await threads.run(options.rows)) },
        { run: async () => void totals.push(Number(await scalar(session, query))) },
      )
      await checkTotals(input, options.rows, totals)
      await checkEntities(session, input)
      return speedRatio(options.rows, timings)
    })
  } finally {
    await threads.close()
  }
}

async function checkTotals(input: string, rows: number, totals: readonly number[]): Promise<void> {
  let expected = 0
  for (let from = 0; from < rows; from += TEXTS_MAX) {
    for (const memo of await readMemos(input, TEXTS_MAX, from)) expected += lengthOf(memo)
  }
  const wrong = totals.find((total) => total !== expected)
  if (wrong === undefined) return
  throw new Error(`the entities are ${wrong} characters long, those of a plain loop ${expected}`)
}

async function checkEntities(session: Session, input: string): Promise<void> {
  const memos = await readMemos(input, CHECKED_ROWS)
  const query = `SELECT extract_regex(memo) AS entities FROM '${input}' LIMIT ${CHECKED_ROWS}`
  const rows = await (await session.sql(query)).toRows()
  for (const [row, memo] of memos.entries()) {
    const expected = memo === null ? null : extractEntities(memo)
    const found = rows[row]?.['entities']
    if (found !== expected) throw new Error(`row ${row} has the entities ${String(found)}, not ${expected}`)
  }
}

function lengthOf(memo: string | null): number {
  return memo === null ? 0 : extractEntities(memo).length
}

async function readMemos(input: string, rows: number, from = 0): Promise<readonly (string | null)[]> {
  const found = await plainDuckDb(`SELECT memo FROM '${input}' WHERE id >= ${from} AND id < ${from + rows}`)
  return found.map(([memo]) => (typeof memo === 'string' ? memo : null))
}
