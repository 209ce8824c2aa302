import { afterEach, expect, test } from 'vitest'
import { Engine } from '../dist/src/duckdb/engine.js'
import type { BatchStream } from '../src/arrow/batchStream.ts'

const engines: Engine[] = []
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()))
})

async function connected(): Promise<{
  engine: Engine
  readonly start: (sql: string) => Promise<BatchStream>
}> {
  const thread = new URL('../dist/src/run/engineThread.js', import.meta.url)
  const engine = new Engine(thread, { database: ':memory:', config: { threads: '1' }, functions: [] })
  engines.push(engine)
  const connection = await engine.connect()
  const start = async (sql: string): Promise<BatchStream> =>
    engine.start({ connection, sql, batchRows: 2048, inputs: [], fused: [] })
  return { engine, start }
}

async function count(statement: BatchStream): Promise<number> {
  let rows = 0
  for (let batch = await statement.next(); batch !== null; batch = await statement.next())
    rows += batch.length
  return rows
}

test('a result that another statement on its connection has ended is an error', async () => {
  const { start } = await connected()
  const streaming = await start('SELECT i FROM range(20_000_000) t(i)')
  expect((await streaming.next())?.length).toBe(2048)
  expect(await count(await start('SELECT 42'))).toBe(1)
  await expect(count(streaming)).rejects.toMatchObject({
    code: 'ROWS_LOST',
    message: expect.stringMatching(
      /^the result ended after \d+ rows because another statement started on its connection/,
    ),
  })
})

test('results on connections of their own do not know of each other', async () => {
  const { engine, start } = await connected()
  const streaming = await start('SELECT i FROM range(100_000) t(i)')
  await streaming.next()
  const other = {
    connection: await engine.connect(),
    sql: 'SELECT 42',
    batchRows: 2048,
    inputs: [],
    fused: [],
  }
  expect(await count(await engine.start(other))).toBe(1)
  expect(await count(streaming)).toBe(100_000 - 2048)
})

test('a stream that a statement reads twice is an error', async () => {
  const { engine } = await connected()
  const { spec, feed } = engine.input('numbers', [{ name: 'i', type: { kind: 'integer' } }])
  const sql = 'SELECT count(*) FROM (SELECT * FROM numbers() UNION ALL SELECT * FROM numbers())'
  const connection = await engine.connect()
  const twice = engine.start({ connection, sql, batchRows: 2048, inputs: [spec], fused: [] })
  feed.end()
  await expect(twice.then(count)).rejects.toMatchObject({
    code: 'ROWS_LOST',
    message: 'a statement read numbers, a stream, twice',
  })
})
