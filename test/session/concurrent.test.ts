import { stat } from 'node:fs/promises'
import { defineFunction } from 'callplane'
import { expect, it } from 'vitest'
import { openSession, values } from '../sessions.ts'

/** More than libuv's pool has threads. */
const AT_ONCE = 10

/** Waits for a file, as libuv's pool serves it. */
const readsFile = defineFunction({
  name: 'reads_file',
  input: { x: 'BIGINT' },
  output: 'BIGINT',
  batching: { maxBatchingSize: 1024 },
  dedupe: false,
  handler: async ({ x }) => {
    await stat('.')
    return x
  },
})

const manyAtOnce = <T>(work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, index) => work(index)))

it('runs many queries at once whose statements wait for the rows of others', async () => {
  const session = await openSession({ functions: [readsFile] })
  const sums = await manyAtOnce((index) =>
    values(session, `SELECT sum(reads_file(i)) FROM range(${60_000 + index}) t(i)`),
  )
  expect(sums).toEqual(
    Array.from({ length: AT_ONCE }, (_, index) => [BigInt(((60_000 + index) * (59_999 + index)) / 2)]),
  )
})

it('runs many queries at once whose calls stay in place', async () => {
  const session = await openSession({ functions: [readsFile] })
  const rows = await manyAtOnce((index) =>
    values(session, `SELECT list_transform([i, ${index}], x -> reads_file(x)) FROM range(3000) t(i)`),
  )
  expect(rows.map((lists) => lists.length)).toEqual(Array.from({ length: AT_ONCE }, () => 3000))
  expect(rows[7]?.[2999]).toEqual([2999n, 7n])
})

it('runs many queries at once in several sessions', async () => {
  const sessions = await manyAtOnce(() => openSession({ functions: [readsFile] }))
  const counts = await Promise.all(
    sessions.map((session) => values(session, 'SELECT count(DISTINCT reads_file(i)) FROM range(30000) t(i)')),
  )
  expect(counts).toEqual(Array.from({ length: AT_ONCE }, () => [30_000n]))
})
