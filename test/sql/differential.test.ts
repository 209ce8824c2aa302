import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rewriteCalls } from '../../sql/calls.ts'
import { planSelect } from '../../sql/planSelect.ts'
import { renderPlan } from '../../src/plan/render.ts'
import { identities, openTestDatabase, type TestDatabase } from './duckdbBinder.ts'
import { queries } from './queries.ts'

/** A statement as DuckDB alone runs it: its calls in place. */
async function alone(database: TestDatabase, sql: string): Promise<Answer> {
  return answer(database, rewriteCalls(sql, identities).text)
}

interface Answer {
  readonly names: readonly string[]
  readonly rows: readonly string[]
}

async function answer({ connection }: TestDatabase, sql: string): Promise<Answer> {
  const reader = await connection.runAndReadAll(sql)
  return { names: reader.columnNames(), rows: reader.getRowsJson().map((row) => JSON.stringify(row)) }
}

describe('a planned query gives what DuckDB gives alone', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())

  test('there are many of every shape', () => {
    expect(queries.length).toBeGreaterThanOrEqual(200)
  })

  test.each(queries)('$shape: $sql', async ({ sql, inPlace }) => {
    const planned = await planSelect(sql, { binder: database.binder, catalog: identities })
    if (planned === null) throw new Error('not planned')
    const expected = await alone(database, sql)
    const actual = await answer(database, renderPlan(planned.plan))
    const ordered = /order by/i.test(sql)
    const rows = (of: Answer): readonly string[] => (ordered ? of.rows : of.rows.toSorted())
    expect(rows(actual)).toEqual(rows(expected))
    expect(planned.names).toEqual(expected.names)
    const reasons = new Set(planned.inPlaceCalls.map(({ reason }) => reason))
    expect([...reasons]).toEqual(inPlace === undefined ? [] : [inPlace])
  })
})
