import { Session } from 'callplane'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rewriteCalls } from '../sql/calls.ts'
import { PlainDuckDB, sessionAnswer, unordered } from './plainDuckdb.ts'
import { repeats } from './repeats.ts'
import { temporaryDirectory } from './sessions.ts'
import { identities, macros, tables } from './sql/duckdbBinder.ts'
import { randomQuery } from './sql/randomQuery.ts'

const routes = ['fused', 'staged', 'bridged', null] as const

let plain: PlainDuckDB
const sessions = new Map<string | null, Session>()
beforeAll(async () => {
  plain = await PlainDuckDB.open(macros + tables)
  for (const route of routes) {
    const functions = ['test/fixtures/identities/functions.ts']
    // Files of a few rows are shared by engines, too.
    const session = await Session.open({ functions, settings: { route, minPartitionedRows: 0 } })
    await session.sql(tables)
    sessions.set(route, session)
  }
})
afterAll(async () => {
  plain.close()
  await Promise.all([...sessions.values()].map((session) => session.close()))
})

test('random queries with calls around random parts give what DuckDB gives alone', async () => {
  const folder = await temporaryDirectory()
  for (const [index, range] of ['id < 9', 'id BETWEEN 9 AND 15', 'id > 15'].entries())
    await plain.answer(`COPY (FROM t WHERE ${range}) TO '${folder}/${index}.parquet'`)
  let compared = 0
  await fc.assert(
    fc.asyncProperty(randomQuery, fc.constantFrom(...routes), async (template, route) => {
      const sql = template.replaceAll('FILE', `${folder}/*.parquet`)
      const expected = await plain.answer(rewriteCalls(sql, identities).text).catch(() => null)
      // DuckDB refuses some combinations, such as TRY around a subquery.
      fc.pre(expected !== null)
      const actual = await sessionAnswer(sessions.get(route)!, sql)
      const ordered = / LIMIT /.test(sql)
      expect(ordered ? actual : unordered(actual)).toEqual(ordered ? expected : unordered(expected))
      compared++
    }),
    { numRuns: repeats(60) },
  )
  expect(compared).toBeGreaterThanOrEqual(60)
})
