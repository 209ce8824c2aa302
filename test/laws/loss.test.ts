import { defineFunction } from 'callplane'
import { expect, test } from 'vitest'
import { openSession, routes, values } from '../sessions.ts'

const short = defineFunction({
  name: 'short',
  input: { i: 'BIGINT' },
  output: 'BIGINT',
  batching: { maxBatchingSize: 100 },
  handler: ({ i }) => i.slice(1),
})

test.each(['staged', 'bridged'] as const)(
  'a handler that returns too few rows is an error: %s',
  async (route) => {
    const session = await openSession({ functions: [short], settings: { route } })
    await expect(values(session, 'SELECT short(i) FROM range(50) t(i)')).rejects.toThrow(
      "function 'short' (version 1) returned 49 results for 50 rows in batch 0",
    )
  },
)

test('a value of another type names function, version, batch and row', async () => {
  const wrong = defineFunction({
    name: 'wrong',
    input: { i: 'BIGINT' },
    output: 'TINYINT',
    handler: ({ i }) => Number(i) * 100,
  })
  const session = await openSession({ functions: [wrong] })
  await expect(values(session, 'SELECT wrong(i) FROM range(10) t(i)')).rejects.toMatchObject({
    code: 'FUNCTION_RESULT_INVALID',
    details: { function: 'wrong', version: 1, batch: 0, row: 2 },
  })
})

test.each(routes)('counts agree over every way that rows take: %s', async (route) => {
  const session = await openSession({ settings: { route } })
  await session.sql('CREATE TABLE numbers AS SELECT i FROM range(50000) t(i)')
  await session.sql('CREATE TABLE doubled AS SELECT i, twice(i) AS d FROM numbers')
  expect(await values(session, 'SELECT count(*) FROM doubled WHERE d = i * 2')).toEqual([50_000n])
  expect(
    await values(session, 'SELECT count(*) FROM (SELECT twice(i) AS d FROM numbers) WHERE d % 4 = 0'),
  ).toEqual([25_000n])
})
