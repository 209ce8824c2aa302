import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openSession, sharedSession, values } from '../sessions.ts'

/** Tests with this limit are tried again: the machine may be busy with something else. */
const WITHIN_MS = 1000

test('a signal ends a staged query within a second, and the session goes on', { retry: 2 }, async () => {
  const session = await sharedSession()
  const controller = new AbortController()
  const result = await session.sql('SELECT never(i) FROM range(1000) t(i)', [], { signal: controller.signal })
  const rows = result.toRows()
  setTimeout(() => controller.abort(), 50)
  const started = performance.now()
  await expect(rows).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(performance.now() - started).toBeLessThan(WITHIN_MS)
  expect(await values(session, 'SELECT twice(21)')).toEqual([42n])
})

test('a signal ends a bridged query, whose callback is asleep', { retry: 2 }, async () => {
  const session = await openSession({ settings: { route: 'bridged' } })
  const controller = new AbortController()
  const rows = session
    .sql('SELECT never(i) FROM range(10) t(i)', [], { signal: controller.signal })
    .then((result) => result.toRows())
  setTimeout(() => controller.abort(), 100)
  const started = performance.now()
  await expect(rows).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(performance.now() - started).toBeLessThan(WITHIN_MS)
  expect(await values(session, 'SELECT twice(21)')).toEqual([42n])
})

test('a signal ends plain SQL', async () => {
  const session = await sharedSession()
  const controller = new AbortController()
  const rows = session
    .sql('SELECT count(*) FROM range(10000000000) t(i) WHERE hash(i) = 1', [], { signal: controller.signal })
    .then((result) => result.toRows())
  setTimeout(() => controller.abort(), 100)
  await expect(rows).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('a signal that was aborted before starts nothing', async () => {
  const session = await sharedSession()
  const query = session.sql('SELECT twice(1)', [], { signal: AbortSignal.abort() })
  await expect(query.then((result) => result.toRows())).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('a reader that stops early ends the query', async () => {
  const session = await sharedSession()
  const result = await session.sql('SELECT slowly(i) FROM range(1000000) t(i)')
  for await (const batch of result) {
    expect(batch.numRows).toBeGreaterThan(0)
    break
  }
  expect(await values(session, 'SELECT twice(21)')).toEqual([42n])
})

test('closing a session ends what runs in it', { retry: 2 }, async () => {
  const session = await openSession()
  const rows = (await session.sql('SELECT never(i) FROM range(1000) t(i)')).toRows()
  const failed = rows.catch((error: unknown) => error)
  const started = performance.now()
  await session.close()
  expect(performance.now() - started).toBeLessThan(WITHIN_MS)
  expect(await failed).toMatchObject({ name: 'EngineError' })
  await expect(session.sql('SELECT 1')).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
})

test('closing a session at any moment of a query leaves the process as it is', async () => {
  const args = ['--import', 'tsx', 'test/fixtures/closing/closedSessions.ts']
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 40_000 })
  expect(stdout).toMatch(/^(EngineError\n|done\n){6}$/)
})
