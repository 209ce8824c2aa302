import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineFunction, Session } from 'callplane'
import { expect, test } from 'vitest'
import { sharedSession, temporaryDirectory, values } from './sessions.ts'

async function failure(
  work: Promise<unknown>,
): Promise<{ code: string; message: string; details: Record<string, unknown> }> {
  return work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: unknown) => error as { code: string; message: string; details: Record<string, unknown> },
  )
}

test('an unknown function is suggested from the catalog, at its place', async () => {
  const session = await sharedSession()
  const error = await failure(session.sql("SELECT catalog_call('twise', 1)"))
  expect(error.code).toBe('UNKNOWN_FUNCTION')
  expect(error.message).toBe(
    "unknown catalog function 'twise': did you mean 'twice'?\n  LINE 1: SELECT catalog_call('twise', 1)\n                 ^",
  )
})

test('a wrong number of arguments shows what was expected', async () => {
  const session = await sharedSession()
  const error = await failure(session.sql('SELECT twice(1, 2)'))
  expect(error.code).toBe('WRONG_ARGUMENTS')
  expect(error.message).toContain("function 'twice' takes 1 argument, got 2")
  expect(error.message).toContain('twice(value BIGINT) → BIGINT')
})

test('wrong types show what was given, the signature and the place', async () => {
  const session = await sharedSession()
  const error = await failure(session.sql("SELECT 1, twice('a'::BLOB) FROM range(3)"))
  expect(error.code).toBe('WRONG_ARGUMENTS')
  expect(error.message).toContain("function 'twice' takes other types than (BLOB)")
  expect(error.message).toContain('twice(value BIGINT) → BIGINT')
  expect(error.details['position']).toBe(10)
})

test('an unknown column is named before anything runs', async () => {
  const session = await sharedSession()
  expect(await failure(session.sql('SELECT twice(j) FROM range(3) t(i)'))).toMatchObject({ kind: 'user' })
})

test('two functions of one name are named with their places', async () => {
  const one = defineFunction({ name: 'same', input: {}, output: 'INTEGER', handler: () => 1 })
  const other = defineFunction({ name: 'Same', input: {}, output: 'INTEGER', handler: () => 2 })
  const error = await failure(Session.open({ functions: [one, other] }))
  expect(error.code).toBe('DUPLICATE_NAME')
})

test('a name that DuckDB has is refused', async () => {
  const upper = defineFunction({
    name: 'upper',
    input: { a: 'VARCHAR' },
    output: 'VARCHAR',
    handler: ({ a }) => a,
  })
  const error = await failure(Session.open({ functions: [upper] }))
  expect(error.code).toBe('NAME_INVALID')
  expect(error.message).toContain("'upper' is a function of DuckDB")
})

test('a module that does not load names the file', async () => {
  const path = join(await temporaryDirectory(), 'broken.mjs')
  await writeFile(path, 'export const x = ;')
  const error = await failure(Session.open({ functions: [path] }))
  expect(error.code).toBe('MODULE_LOAD_FAILED')
  expect(error.message).toContain(path)
})

test('a missing and a damaged parquet file are IO errors that name the file', async () => {
  const session = await sharedSession()
  expect(await failure(session.sql("SELECT * FROM 'none.parquet'"))).toMatchObject({ code: 'IO_FAILED' })
  const path = join(await temporaryDirectory(), 'damaged.parquet')
  await writeFile(path, 'PAR1 this is no parquet PAR1')
  const error = await failure(session.sql(`SELECT twice(i) FROM '${path}'`))
  expect(error.code).toBe('IO_FAILED')
  expect(error.message).toContain(path)
})

test('a database that does not open says why', async () => {
  const path = join(await temporaryDirectory(), 'no.duckdb')
  await writeFile(path, 'this is no database')
  expect(await failure(Session.open({ database: path }))).toMatchObject({ code: 'IO_FAILED' })
})

test('an unknown setting is named with those that exist', async () => {
  const error = await failure(Session.open({ settings: { rout: 'fused' } as never }))
  expect(error.code).toBe('CONFIG_INVALID')
  expect(error.message).toContain('route')
})

test('a file that cannot be written keeps what was there', async () => {
  const session = await sharedSession()
  const path = join(await temporaryDirectory(), 'kept.parquet')
  await session
    .scan(path)
    .schema()
    .catch(() => undefined)
  await session.sql(`COPY (SELECT 1 AS a) TO '${path}'`)
  const failing = session.sql(`COPY (SELECT fails_at(i, 5) AS a FROM range(10) t(i)) TO '${path}'`)
  expect(await failure(failing)).toMatchObject({ code: 'FUNCTION_FAILED' })
  expect(await values(session, `SELECT a FROM '${path}'`)).toEqual([1])
})
