import { defineFunction } from 'callplane'
import { expect, test } from 'vitest'
import { openSession, routes, sharedSession, values } from '../sessions.ts'

test.each(routes)(
  'a handler that throws fails the query and names function, version and row: %s',
  async (route) => {
    const session = await sharedSession({ settings: { route } })
    const failure = values(session, 'SELECT fails_at(i, 3) FROM range(10) t(i)')
    await expect(failure).rejects.toMatchObject({
      code: 'FUNCTION_FAILED',
      kind: 'function',
      details: { function: 'fails_at', version: 1, row: 3 },
    })
    await expect(failure).rejects.toThrow(
      "function 'fails_at' (version 1) failed in batch 0 of 10 rows, row 3: no 3",
    )
  },
)

test('the stack of the handler is kept', async () => {
  const session = await sharedSession()
  const failure: unknown = await values(session, 'SELECT fails_at(i, 3) FROM range(10) t(i)').catch(
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({ details: { functionStack: expect.stringContaining('laws/functions.ts') } })
})

test('a failed query leaves the session usable', async () => {
  const session = await sharedSession()
  await expect(values(session, 'SELECT fails_at(i, 3) FROM range(10) t(i)')).rejects.toThrow('fails_at')
  expect(await values(session, 'SELECT twice(21)')).toEqual([42n])
})

test('TRY makes of a bad row a null, where the call stays in place', async () => {
  const session = await sharedSession()
  expect(await values(session, 'SELECT TRY(fails_at(i, 1)) FROM range(3) t(i)')).toEqual([0n, null, 2n])
})

test("on_error => 'null' makes a null of a bad row and of no other", async () => {
  const session = await sharedSession()
  const lenient = "SELECT fails_at(i, 3, options => {on_error: 'null'}) FROM range(6) t(i)"
  expect(await values(session, lenient)).toEqual([0n, 1n, 2n, null, 4n, 5n])
})

test('what passes within the retries fails nobody', async () => {
  let calls = 0
  const away = defineFunction({
    name: 'away',
    input: { value: 'BIGINT' },
    output: 'BIGINT',
    retries: { attempts: 3, delay: 0.01 },
    handler: async ({ value }) => {
      if (++calls <= 20) throw Object.assign(new Error('HTTP 503'), { status: 503 })
      return value
    },
  })
  const session = await openSession({ functions: [away], state: null })
  expect(await values(session, 'SELECT away(i) FROM range(10) t(i)')).toHaveLength(10)
  expect(calls).toBe(30)
})
