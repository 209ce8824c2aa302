import { defineFunction, type Session } from 'callplane'
import { describe, expect, test } from 'vitest'
import { openSession } from '../sessions.ts'

const functions = ['test/fixtures/process/functions.ts']

async function open(): Promise<Session> {
  return openSession({ functions, state: null, secrets: { KEY: 'sk-12345' }, settings: { poolThreads: 2 } })
}

async function failed(session: Session, name: string, rows: number) {
  const result = await session.sql(`SELECT i, ${name}(i) AS got FROM range(${rows}) t(i)`)
  const got = await result.toRows()
  expect(got).toHaveLength(rows)
  const others = got.filter(({ i, got: value }) => i !== value)
  expect(others.map(({ got: value }) => value)).toEqual(others.map(() => null))
  return { rows: others.map(({ i }) => i), calls: result.calls[0]?.calls ?? 0, result }
}

/** What the query fails with. */
async function errorOf(session: Session, statement: string): Promise<unknown> {
  try {
    return await (await session.sql(statement)).toRows()
  } catch (error) {
    return error
  }
}

describe('a poison row that ends its process costs itself alone', () => {
  test.each([
    ['exits', 2048, 1234n, 23],
    ['exits_by_row', 2048, 1234n, 3],
    ['is_killed', 100, 33n, 15],
    ['exits_waiting', 100, 33n, 29],
    ['hoards_buffers', 64, 33n, 14],
    ['loops', 40, 33n, 22],
  ])('%s', async (name, rows, poison, most) => {
    const session = await open()
    const { rows: nulls, calls } = await failed(session, name, rows)
    expect(nulls).toEqual([poison])
    expect(calls).toBeLessThanOrEqual(most)
  })
})

test('several poison rows, among calls that wait beside them, cost themselves alone', async () => {
  const session = await open()
  const { rows } = await failed(session, 'exits_waiting', 150)
  expect(rows).toEqual([33n, 133n])
})

test('where rows may not fail, the query fails with the row', async () => {
  const session = await open()
  expect(await errorOf(session, 'SELECT exits_or_fails(i) FROM range(100) t(i)')).toMatchObject({
    code: 'WORKER_LOST',
    message:
      "a process ended while function 'exits_or_fails' (version 1) worked on batch 0 of 100 rows, row 33: exit code 7",
    details: { function: 'exits_or_fails', version: 1, batch: 0, batchRows: 100, row: 33 },
  })
  const rows = await (await session.sql('SELECT exits_or_fails(i) AS got FROM range(30) t(i)')).toRows()
  expect(rows.map(({ got }) => got)).toEqual(Array.from({ length: 30 }, (_, i) => BigInt(i)))
})

test('a tried call tells what became of its row', async () => {
  const session = await open()
  const statement = "SELECT (try_catalog_call('exits_by_row', i)).error AS error FROM range(1230, 1240) t(i)"
  const rows = await (await session.sql(statement)).toRows()
  expect(rows.map(({ error }) => error)).toEqual(
    Array.from({ length: 10 }, (_, row) =>
      row === 4
        ? {
            code: 'WORKER_LOST',
            kind: 'unavailable',
            message:
              "a process ended while function 'exits_by_row' (version 1) worked on batch 0 of 10 rows, row 4: exit code 7",
            attempts: 1,
          }
        : null,
    ),
  )
})

test('EXPLAIN says where such a call runs', async () => {
  const session = await open()
  expect(await session.explain('SELECT exits(i) FROM range(10) t(i)')).toContain(
    'it runs in processes of its own',
  )
})

test('a stream runs there too', async () => {
  const session = await open()
  const items: unknown[] = []
  for await (const item of session.stream('counts_up', -1n)) items.push(item)
  expect(items).toEqual([0, 1, 2, 3, 4])
  const stopped: unknown[] = []
  const failing = async (): Promise<void> => {
    for await (const item of session.stream('counts_up', 3n)) stopped.push(item)
  }
  await expect(failing()).rejects.toMatchObject({ code: 'WORKER_LOST', details: { itemsYielded: 3 } })
  expect(stopped).toEqual([0, 1, 2])
})

test('a handler that calls one outlives it', async () => {
  const calls = defineFunction({
    name: 'calls_isolated',
    input: { value: 'BIGINT' },
    output: 'VARCHAR',
    handler: async ({ value }, { call }) => {
      const settled = await Promise.allSettled([call('exits_by_row', value), call('exits_by_row', 1)])
      return settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code)).join()
    },
  })
  const session = await openSession({ functions: [...functions, calls], state: null, secrets: { KEY: 'k' } })
  const rows = await (
    await session.sql('SELECT calls_isolated(i) AS got FROM range(1233, 1236) t(i)')
  ).toRows()
  expect(rows.map(({ got }) => got)).toEqual(['1233,1', 'WORKER_LOST,1', '1235,1'])
})
