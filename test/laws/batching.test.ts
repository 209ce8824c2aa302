import { defineFunction } from 'callplane'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { repeats } from '../repeats.ts'
import { openSession, routes, values } from '../sessions.ts'

test('any batch size gives what one batch gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 0, max: 9000 }),
      async (maxBatchingSize, rows) => {
        const hashed = defineFunction({
          name: 'hashed',
          input: { i: 'BIGINT' },
          output: 'VARCHAR',
          batching: { maxBatchingSize },
          handler: ({ i }) => {
            expect(i.length).toBeLessThanOrEqual(maxBatchingSize)
            return i.map((item) => (item === null ? null : `#${item}`))
          },
        })
        const session = await openSession({ functions: [hashed] })
        const got = await values(session, `SELECT hashed(nullif(i, 7)) FROM range(${rows}) t(i)`)
        expect(got).toEqual(Array.from({ length: rows }, (_, i) => (i === 7 ? null : `#${i}`)))
        await session.close()
      },
    ),
    { numRuns: repeats(12) },
  )
})

test('every route gives the same rows', async () => {
  const sql = `SELECT label(i, CASE WHEN i % 3 > 0 THEN 'n' || i END) FROM range(20000) t(i)`
  const results = await Promise.all(
    routes.map(async (route) => values(await openSession({ settings: { route } }), sql)),
  )
  expect(results[1]).toEqual(results[0])
  expect(results[2]).toEqual(results[0])
  expect(results[0]?.slice(0, 3)).toEqual([null, { text: 'n11', size: 3 }, { text: 'n22', size: 3 }])
})

test.each([1, 2, 4])('%i threads and engines give the same rows', async (n) => {
  const session = await openSession({ settings: { threads: n, engines: n, poolThreads: n } })
  const [sum] = await values(session, 'SELECT sum(twice(i)) FROM range(100000) t(i)')
  expect(sum).toBe(9_999_900_000n)
})
