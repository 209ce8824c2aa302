import { expect, test } from 'vitest'
import { routes, type SharedOptions, sharedSession } from '../sessions.ts'

async function rowsCalled(sql: string, options: SharedOptions = {}): Promise<number> {
  const session = await sharedSession(options)
  const result = await session.sql(sql)
  await result.drain()
  return result.calls.reduce((sum, { rows }) => sum + rows, 0)
}

const cases: readonly (readonly [what: string, sql: string, rows: number])[] = [
  ['LIMIT over a call', 'SELECT twice(i) FROM range(10000) t(i) LIMIT 100', 100],
  ['LIMIT with OFFSET over a call', 'SELECT twice(i) FROM range(10000) t(i) LIMIT 100 OFFSET 5000', 100],
  [
    'ORDER BY with LIMIT and OFFSET',
    'SELECT twice(i) FROM range(10000) t(i) ORDER BY i DESC LIMIT 10 OFFSET 50',
    10,
  ],
  ['a filter beside the call', 'SELECT i FROM range(10000) t(i) WHERE twice(i) > 5 AND i % 10 = 0', 1000],
  [
    'a filter around a subquery with the call',
    'SELECT * FROM (SELECT i, twice(i) AS d FROM range(10000) t(i)) WHERE i < 1000',
    1000,
  ],
  ['a CASE branch', 'SELECT CASE WHEN i % 10 = 0 THEN twice(i) ELSE 0 END FROM range(10000) t(i)', 1000],
  ['AND in the SELECT list', 'SELECT i % 10 = 0 AND is_even(i) FROM range(10000) t(i)', 1000],
  ['OR in the SELECT list', 'SELECT i % 10 > 0 OR is_even(i) FROM range(10000) t(i)', 1000],
  ['COALESCE', 'SELECT coalesce(CASE WHEN i % 10 > 0 THEN i END, twice(i)) FROM range(10000) t(i)', 1000],
  ['an unused column', 'SELECT count(*) FROM (SELECT i, twice(i) AS d FROM range(10000) t(i))', 0],
  ['equal calls in SELECT and WHERE', 'SELECT twice(i) FROM range(10000) t(i) WHERE twice(i) > 10', 10_000],
  ['constant arguments', "SELECT label(1, 'a') FROM range(10000) t(i)", 1],
  ['constant arguments over no rows', "SELECT label(1, 'a') FROM range(0) t(i)", 0],
  ['an empty input', 'SELECT twice(i) FROM range(0) t(i)', 0],
]

test.each(cases)('%s calls just the rows whose result is needed', async (_what, sql, rows) => {
  expect(await rowsCalled(sql)).toBe(rows)
})

test.each(routes)('filters, LIMIT and branches hold on the route %s', async (route) => {
  for (const [, sql, rows] of cases.slice(0, 9)) {
    expect(await rowsCalled(sql, { settings: { route } }), sql).toBe(rows)
  }
})
