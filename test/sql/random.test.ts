import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rewriteCalls } from '../../sql/calls.ts'
import { planSelect } from '../../sql/planSelect.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { repeats } from '../repeats.ts'
import { identities, openTestDatabase, type TestDatabase } from './duckdbBinder.ts'
import { randomQuery } from './randomQuery.ts'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await openTestDatabase()
  folder = mkdtempSync(join(tmpdir(), 'callplane-sql-'))
  await database.connection.run(`COPY t TO '${folder}/t.parquet'`)
})
afterAll(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

async function rows(sql: string): Promise<readonly string[]> {
  const reader = await database.connection.runAndReadAll(sql)
  return reader.getRowsJson().map((row) => JSON.stringify(row))
}

test('random queries with calls around random parts give what DuckDB gives alone', async () => {
  let lifted = 0
  let seen = 0
  await fc.assert(
    fc.asyncProperty(randomQuery, async (template) => {
      const sql = template.replaceAll('FILE', `${folder}/t.parquet`)
      const expected = await rows(rewriteCalls(sql, identities).text).catch(() => null)
      // DuckDB refuses some combinations, such as TRY around a subquery.
      fc.pre(expected !== null)
      const planned = await planSelect(sql, { binder: database.binder, catalog: identities })
      if (planned === null) throw new Error('not planned')
      const actual = await rows(renderPlan(planned.plan))
      const ordered = / LIMIT /.test(sql)
      expect(ordered ? actual : actual.toSorted()).toEqual(ordered ? expected : expected?.toSorted())
      seen++
      if (planned.plan.kind !== 'opaque') lifted++
    }),
    { numRuns: repeats(150) },
  )
  expect(lifted / seen).toBeGreaterThan(0.5)
})
