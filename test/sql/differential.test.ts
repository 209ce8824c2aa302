import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rewriteCalls } from '../../sql/calls.ts'
import { planSelect, type SelectPlan } from '../../sql/planSelect.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { identities, openTestDatabase, type TestDatabase } from './duckdbBinder.ts'
import { queries } from './queries.ts'

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

interface Answer {
  readonly names: readonly string[]
  readonly rows: readonly string[]
}

async function answer(sql: string, ordered: boolean): Promise<Answer> {
  const reader = await database.connection.runAndReadAll(sql)
  const rows = reader.getRowsJson().map((row) => JSON.stringify(row))
  return { names: reader.columnNames(), rows: ordered ? rows : rows.toSorted() }
}

/** Plans a query, runs the plan as it stands, and compares it with what DuckDB gives with the calls in place. */
async function compare(sql: string): Promise<SelectPlan> {
  const planned = await planSelect(sql, { binder: database.binder, catalog: identities })
  if (planned === null) throw new Error('not planned')
  const ordered = /order by/i.test(sql)
  const expected = await answer(rewriteCalls(sql, identities).text, ordered)
  const actual = await answer(renderPlan(planned.plan), ordered)
  expect(actual.rows).toEqual(expected.rows)
  expect(planned.names).toEqual(expected.names)
  return planned
}

test('there are many queries of every shape', () => {
  expect(queries.length).toBeGreaterThanOrEqual(240)
})

describe('a planned query gives what DuckDB gives alone', () => {
  test.each(queries)('$shape: $sql', async ({ sql, inPlace }) => {
    const { inPlaceCalls } = await compare(sql)
    const reasons = new Set(inPlaceCalls.map(({ reason }) => reason))
    expect([...reasons]).toEqual(inPlace === undefined ? [] : [inPlace])
  })
})

describe('and so it does over parquet files', () => {
  const table =
    /\bFROM t(?=$|\)| (?:WHERE|GROUP|ORDER|LIMIT|OFFSET|QUALIFY|HAVING|UNION|EXCEPT|INTERSECT|JOIN)\b)/
  const overFiles = queries.filter(
    ({ sql }) => table.test(sql) && !sql.includes('rowid') && !sql.startsWith('WITH t AS'),
  )

  test.each(overFiles)('$shape: $sql', async ({ sql }) => {
    await compare(sql.replaceAll(new RegExp(table, 'g'), `FROM '${folder}/t.parquet'`))
  })
})
