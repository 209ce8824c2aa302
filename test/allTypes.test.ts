import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Schema, Session } from 'callplane'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatType } from '../src/base/formatType.ts'
import { routes, sharedSession, values } from './sessions.ts'

/** Rows of a batch, and how many rows there are: several batches, the last one not full. */
const sizes = [
  [1, 91],
  [7, 91],
  [2048, 2_050],
  [5_000, 5_003],
] as const

const all = 'SELECT * FROM test_all_types()'

/** Beside them those that no table can hold. */
const withOthers = (rows: string): string =>
  `SELECT *, NULL AS nothing, [NULL] AS nothings, row("int", "varchar") AS unnamed FROM (${rows})`

/** Texts that are no Unicode. */
const broken = `
const text = (value) => (value === 5n ? 'a' + '\\ud800' + 'b' : 'fine')
export const row = defineFunction({
  name: 'broken_row', input: { value: 'BIGINT' }, output: 'VARCHAR', handler: ({ value }) => text(value) })
export const batch = defineFunction({
  name: 'broken_batch', input: { value: 'BIGINT' }, output: 'VARCHAR[]', batching: { maxBatchingSize: 4 },
  handler: ({ value }) => value.map((item) => [text(item)]) })`

let directory: string
let types: Schema
const names = (): readonly string[] => types.map(({ name }) => name)
beforeAll(async () => {
  const session = await Session.open()
  types = (await session.sql(withOthers(all))).columns
  await session.close()
  directory = await mkdtemp(join(tmpdir(), 'callplane-'))
  const identities = sizes.flatMap(([batchRows]) => identityFunctions(batchRows))
  await writeFile(
    join(directory, 'functions.mjs'),
    ["import { defineFunction } from 'callplane'", ...identities, broken].join('\n'),
  )
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** A function for each column that gives back what it gets, in batches of so many rows. */
function identityFunctions(batchRows: number): readonly string[] {
  return types.map(({ name, type }) => {
    const [label, text] = [`identity_${batchRows}_${name}`, JSON.stringify(formatType(type))]
    return `export const ${label} = defineFunction({
      name: '${label}', input: { value: ${text} }, output: ${text},
      batching: { maxBatchingSize: ${batchRows} }, handler: ({ value }) => value,
    })`
  })
}

/** The functions are in a module, so that they can take any route. */
async function sessionOn(route: (typeof routes)[number]): Promise<Session> {
  return sharedSession({ functions: [join(directory, 'functions.mjs')], settings: { route } })
}

/** Columns whose values came back as others, as NULL or as others are printed; and the number of rows. */
async function compared(
  session: Session,
  columns: readonly string[],
  rows: string,
  batchRows = 2048,
): Promise<{ readonly changed: readonly string[]; readonly rows: unknown }> {
  const same = columns.map((name) => `identity_${batchRows}_${name}("${name}") AS "same_${name}"`)
  const counts = columns.map(
    (name) => `count(*) FILTER (WHERE "same_${name}" IS DISTINCT FROM "${name}"
      OR "same_${name}"::VARCHAR IS DISTINCT FROM "${name}"::VARCHAR) AS "${name}"`,
  )
  const result = await session.sql(
    `SELECT count(*) AS "number of rows", ${counts.join(', ')} FROM (SELECT *, ${same.join(', ')} FROM (${rows}))`,
  )
  const [{ 'number of rows': count, ...found } = {}] = await result.toRows()
  return { changed: columns.filter((name) => found[name] !== 0n), rows: count }
}

describe.each(routes)('on the route %s', (route) => {
  test.each(sizes)('every type comes back bit for bit in batches of %i', async (batchRows, rows) => {
    const session = await sessionOn(route)
    // Least, greatest and null lie next to each other, with nulls at both ends.
    await session.sql(`CREATE OR REPLACE TABLE mixed AS SELECT t.*
      FROM range(${Math.ceil(rows / 3)}) r(i), (SELECT *, row_number() OVER () AS n FROM (${all})) t ORDER BY i, n % 3`)
    await session.sql(`DELETE FROM mixed WHERE rowid >= ${rows}`)
    expect(await values(session, 'SELECT "int" FROM mixed WHERE rowid IN (0, 1, 2) ORDER BY rowid')).toEqual([
      null,
      -2_147_483_648,
      2_147_483_647,
    ])
    expect(await compared(session, names(), withOthers('FROM mixed'), batchRows)).toEqual({
      changed: [],
      rows: BigInt(rows),
    })
  })

  test('strings and lists of every length come back, and no rows at all', async () => {
    const session = await sessionOn(route)
    const texts = [0, 1, 11, 12, 13, 14, 1_000_000]
      .flatMap((length) => [
        `repeat('x', ${length})`,
        `repeat('ä', ${length} // 2)`,
        `repeat('x', ${length}) || chr(0)`,
      ])
      .map((text) => `SELECT ${text} AS "varchar", encode(${text}) AS "blob"`)
    expect(await compared(session, ['varchar', 'blob'], texts.join(' UNION ALL '))).toEqual({
      changed: [],
      rows: 21n,
    })
    const lists = [0, 1, 100_000, 0, 2049].map(
      (length) =>
        `SELECT range(${length})::INTEGER[] AS "int_array", range(${length})::VARCHAR[] AS "varchar_array"`,
    )
    expect(await compared(session, ['int_array', 'varchar_array'], lists.join(' UNION ALL '))).toEqual({
      changed: [],
      rows: 5n,
    })
    expect(await compared(session, names(), withOthers(`${all} WHERE false`))).toEqual({
      changed: [],
      rows: 0n,
    })
    expect(await values(session, 'SELECT identity_7_varchar(NULL)')).toEqual([null])
  })
})

test.each(routes)('a lone surrogate from a handler is an error that names the row: %s', async (route) => {
  const session = await sessionOn(route)
  for (const [name, place] of [
    ['broken_row', { row: 5 }],
    ['broken_batch', { row: 5 }],
  ] as const) {
    await expect(values(session, `SELECT ${name}(i) FROM range(10) t(i)`)).rejects.toMatchObject({
      code: 'FUNCTION_RESULT_INVALID',
      details: { function: name, version: 1, ...place },
      message: expect.stringContaining('surrogate'),
    })
  }
})
