import fc from 'fast-check'
import { expect, test } from 'vitest'
import { repeats } from '../repeats.ts'
import { openSession } from '../sessions.ts'

const item = fc.constantFrom(
  'i',
  'twice(i)',
  'twice(i) + twice(i)',
  'twice(twice(i))',
  'CASE WHEN i % 3 = 0 THEN twice(i) WHEN is_even(i) THEN -i END',
  'coalesce(nullif(i, 4), twice(i))',
  'is_even(i) AND i > 5',
  'i > 5 OR is_even(i)',
  'NOT is_even(twice(i))',
  "label(i, 'x').size",
)
const condition = fc.constantFrom(
  'true',
  'i % 2 = 0',
  'is_even(i)',
  'twice(i) > 20 AND i % 3 = 0',
  'is_even(i) OR i < 7',
  'NOT (is_even(i) AND i > 3)',
  'twice(i) BETWEEN 4 AND 40 AND is_even(i)',
)
const tail = fc.constantFrom(
  '',
  'LIMIT 7',
  'LIMIT 5 OFFSET 3',
  'ORDER BY i DESC',
  'ORDER BY twice(i) DESC LIMIT 4',
  'ORDER BY 1, i LIMIT 9',
)
const query = fc
  .tuple(fc.array(item, { minLength: 1, maxLength: 3 }), condition, tail)
  .map(
    ([items, where, end]) =>
      `SELECT ${items.map((text, n) => `${text} AS c${n}`).join(', ')} FROM numbers WHERE ${where} ${end}`,
  )
const nested = fc
  .tuple(query, fc.constantFrom('*', 'count(*)', 'c0', 'max(c0)'))
  .map(([inner, outer]) => `SELECT ${outer} FROM (${inner})`)

const setUp =
  'CREATE TABLE numbers AS SELECT CASE WHEN i % 11 = 10 THEN NULL ELSE i END AS i FROM range(60) t(i)'

test('optimized queries give what they give as they were written', async () => {
  const optimized = await openSession()
  const naive = await openSession({ settings: { optimize: false } })
  for (const session of [optimized, naive]) await session.sql(setUp)
  await fc.assert(
    fc.asyncProperty(fc.oneof(query, nested), async (sql) => {
      const [one, other] = await Promise.all(
        [optimized, naive].map(async (session) => (await session.sql(sql)).toRows()),
      )
      expect(one).toEqual(other)
    }),
    { numRuns: repeats(150) },
  )
})
