import { defineFunction } from 'callplane'
import { expect, test } from 'vitest'
import { openSession, sharedSession, temporaryDirectory, values } from '../sessions.ts'

const cases: readonly (readonly [what: string, sql: string, rows: number])[] = [
  ['equal calls in one SELECT list', 'SELECT twice(i), twice(i) + 1 FROM range(1000) t(i)', 1000],
  [
    'equal calls in SELECT, WHERE and ORDER BY',
    'SELECT twice(i) FROM range(1000) t(i) WHERE twice(i) >= 0 ORDER BY twice(i) DESC',
    1000,
  ],
  ['a nested call that is used twice', 'SELECT twice(twice(i)), twice(i) FROM range(1000) t(i)', 2000],
  [
    'a subquery whose column is used twice',
    'SELECT d + d FROM (SELECT twice(i) AS d FROM range(1000) t(i)) WHERE d > 10',
    1000,
  ],
  [
    'a common table expression that is read twice',
    'WITH c AS (SELECT i, twice(i) AS d FROM range(1000) t(i)) SELECT * FROM c a JOIN c b USING (i)',
    1000,
  ],
]

test.each(cases)('%s calls each row once', async (_what, sql, rows) => {
  const session = await sharedSession()
  const result = await session.sql(sql)
  await result.drain()
  expect(result.calls).toEqual([expect.objectContaining({ function: 'twice', rows })])
})

test('equal inputs are called once a query, and with a cache once for all queries and sessions', async () => {
  const seen: unknown[] = []
  const counted = (name: string, cache: boolean) =>
    defineFunction({
      name,
      input: { value: 'BIGINT' },
      output: 'BIGINT',
      cache,
      handler: async ({ value }) => {
        seen.push(value)
        return value
      },
    })
  const state = await temporaryDirectory()
  const functions = [counted('once', false), counted('kept', true)]
  const query = 'SELECT once(i % 7), kept(i % 5) FROM range(1000) t(i)'
  const first = await openSession({ functions, state })
  await values(first, query)
  expect(seen).toHaveLength(7 + 5)
  await values(first, query)
  await values(await openSession({ functions, state }), query)
  expect(seen).toHaveLength(3 * 7 + 5)
})
