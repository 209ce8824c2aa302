import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Session } from 'callplane'
import { describe, expect, test } from 'vitest'
import { formatType } from '../src/base/formatType.ts'
import { openSession, routes, temporaryDirectory, values } from './sessions.ts'

const BATCH_ROWS = [1, 7, 2048, 10_000] as const

/** A function for each column of test_all_types() that gives back what it gets, in a module so that it can take any route. */
async function identityModule(
  batchRows: number,
): Promise<{ readonly path: string; readonly columns: readonly string[] }> {
  const session = await openSession({ functions: [] })
  const { columns } = await session.sql('SELECT * FROM test_all_types()')
  const definitions = columns.map(({ name, type }) => {
    const text = JSON.stringify(formatType(type))
    return `export const identity_${name} = defineFunction({
      name: 'identity_${name}', input: { value: ${text} }, output: ${text},
      batching: { maxBatchingSize: ${batchRows} }, handler: ({ value }) => value,
    })`
  })
  const path = join(await temporaryDirectory(), 'identities.mjs')
  await writeFile(path, ["import { defineFunction } from 'callplane'", ...definitions].join('\n'))
  return { path, columns: columns.map(({ name }) => name) }
}

/** Columns whose values came back as others, as NULL or as others are printed. */
async function changed(
  session: Session,
  columns: readonly string[],
  rows: string,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of columns) {
    const sql = `SELECT count(*) FILTER (WHERE same IS DISTINCT FROM "${name}" OR same::VARCHAR IS DISTINCT FROM "${name}"::VARCHAR)
      FROM (SELECT "${name}", identity_${name}("${name}") AS same FROM (${rows}))`
    const [count] = await values(session, sql)
    if (count !== 0n) found.push(name)
  }
  return found
}

describe.each(routes)('on the route %s', (route) => {
  test.each(BATCH_ROWS)('every type comes back bit for bit in batches of %i', async (batchRows) => {
    const { path, columns } = await identityModule(batchRows)
    const session = await openSession({ functions: [path], settings: { route } })
    // Least, greatest and null lie next to each other, with nulls at both ends.
    await session.sql(`CREATE TABLE mixed AS
      SELECT t.* FROM range(30) r(i), (SELECT *, row_number() OVER () AS n FROM test_all_types()) t ORDER BY i, n`)
    await session.sql('INSERT INTO mixed BY NAME (SELECT NULL::BIGINT AS n)')
    expect(await changed(session, columns, 'SELECT NULL::BIGINT AS n, * EXCLUDE (n) FROM mixed')).toEqual([])
  })
})

describe.each(routes)('strings and lists on the route %s', (route) => {
  test('of every length come back', async () => {
    const { path } = await identityModule(2048)
    const session = await openSession({ functions: [path], settings: { route } })
    const texts = [0, 1, 12, 13, 14, 1_000_000]
      .map((length) => `SELECT repeat('ä', ${length}) AS "varchar"`)
      .join(' UNION ALL ')
    expect(await changed(session, ['varchar'], texts)).toEqual([])
    const lists = [0, 1, 100_000]
      .map((length) => `SELECT range(${length})::INTEGER[] AS "int_array"`)
      .join(' UNION ALL ')
    expect(await changed(session, ['int_array'], lists)).toEqual([])
    expect(
      await values(session, 'SELECT identity_varchar(x) FROM (SELECT 1::VARCHAR AS x WHERE false)'),
    ).toEqual([])
    expect(await values(session, 'SELECT identity_varchar(NULL)')).toEqual([null])
  })
})
