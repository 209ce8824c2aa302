import { setTimeout } from 'node:timers/promises'
import { defineFunction } from 'callplane'
import { expect, test } from 'vitest'
import { openSession } from '../sessions.ts'

/** Rows that may be in flight between source and reader: batches in work, and batches that wait at each end. */
const IN_FLIGHT_ROWS_MAX = 400_000

test('a slow reader slows the source', async () => {
  let called = 0
  const counted = defineFunction({
    name: 'counted',
    input: { i: 'BIGINT' },
    output: 'BIGINT',
    batching: { maxBatchingSize: 1000 },
    handler: ({ i }) => {
      called += i.length
      return i
    },
  })
  const session = await openSession({ functions: [counted] })
  const result = await session.sql('SELECT counted(i) FROM range(20000000) t(i)')
  const reader = result[Symbol.asyncIterator]()
  await reader.next()
  await setTimeout(500)
  const afterOne = called
  expect(afterOne).toBeLessThan(IN_FLIGHT_ROWS_MAX)
  await setTimeout(500)
  expect(called).toBe(afterOne)
  await result.close()
})

test('SQL over a call reads no further ahead than it computes', async () => {
  let called = 0
  const counted = defineFunction({
    name: 'counted',
    input: { i: 'BIGINT' },
    output: 'BIGINT',
    batching: { maxBatchingSize: 1000 },
    handler: ({ i }) => {
      called += i.length
      return i
    },
  })
  const session = await openSession({ functions: [counted] })
  const result = await session.sql(
    'SELECT c + 1 FROM (SELECT counted(i) AS c FROM range(20000000) t(i)) WHERE c % 2 = 0',
  )
  const reader = result[Symbol.asyncIterator]()
  await reader.next()
  await setTimeout(500)
  const soon = called
  await setTimeout(500)
  expect(called).toBe(soon)
  // DuckDB's own buffer of a streaming result holds 32 MB, which is 4 M of these rows out of 8 M.
  expect(soon).toBeLessThan(10_000_000)
  await result.close()
})
