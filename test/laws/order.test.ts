import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSession, routes, sharedSession, temporaryDirectory, values } from '../sessions.ts'

const ROWS = 30_000

test.each(routes)('rows keep their order on the route %s', async (route) => {
  const session = await openSession({ settings: { route } })
  const doubled = await values(session, `SELECT twice(i) FROM range(${ROWS}) t(i)`)
  expect(doubled).toEqual(Array.from({ length: ROWS }, (_, i) => BigInt(i) * 2n))
})

test('batches that finish out of order are put in order', async () => {
  const session = await sharedSession()
  const doubled = await values(session, `SELECT slowly(i) FROM range(${ROWS}) t(i)`)
  expect(doubled).toEqual(Array.from({ length: ROWS }, (_, i) => BigInt(i) * 2n))
})

test('parts of a shared scan come in the order of the file', async () => {
  const file = join(await temporaryDirectory(), 'numbers.parquet')
  const session = await openSession({ settings: { minPartitionedRows: 0, engines: 3 } })
  await session.sql(
    `COPY (SELECT i FROM range(${ROWS}) t(i)) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  )
  const doubled = await values(session, `SELECT twice(i) FROM '${file}'`)
  expect(doubled).toEqual(Array.from({ length: ROWS }, (_, i) => BigInt(i) * 2n))
})

test('an order that the query asks for is kept over a call', async () => {
  const session = await sharedSession()
  const doubled = await values(session, `SELECT slowly(i) FROM range(1000) t(i) ORDER BY i DESC LIMIT 500`)
  expect(doubled).toEqual(Array.from({ length: 500 }, (_, i) => BigInt(999 - i) * 2n))
})
