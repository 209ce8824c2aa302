import { setFlagsFromString } from 'node:v8'
import { Session } from 'callplane'
import { afterAll, beforeAll, expect, test } from 'vitest'

// Threads that start from now on have less memory to run out of.
setFlagsFromString('--max-old-space-size=200')

let session: Session
beforeAll(async () => {
  session = await Session.open({
    functions: ['test/fixtures/dispatch/functions.ts'],
    state: null,
    settings: { route: 'staged', poolThreads: 2 },
  })
})
afterAll(() => session.close())

async function isolated(name: string, rows: number) {
  const result = await session.sql(`SELECT i, ${name}(i) AS got FROM range(${rows}) t(i)`)
  const got = await result.toRows()
  const others = got.filter(({ i, got: value }) => i !== value)
  return { got: got.length, failed: others.map(({ i }) => i), calls: result.calls[0]?.calls ?? 0, result }
}

/** Whether the pool makes calls again, and how long it takes. */
async function doubled(): Promise<number> {
  const started = performance.now()
  const rows = await (await session.sql('SELECT double(i) AS d FROM range(100) t(i)')).toRows()
  expect(rows.map(({ d }) => d)).toEqual(Array.from({ length: 100 }, (_, i) => BigInt(i) * 2n))
  return performance.now() - started
}

test.each(['poisoned_main', 'poisoned_thread'])(
  'a poison row among 2,048 is alone within 24 calls of %s',
  async (name) => {
    const { got, failed, calls, result } = await isolated(name, 2048)
    expect({ got, failed }).toEqual({ got: 2048, failed: [1234n] })
    expect(calls).toBeLessThanOrEqual(24)
    expect(result.profile.functions[0]?.errors).toMatchObject([{ code: 'FUNCTION_FAILED', rows: 1 }])
    const tried = await session.sql(
      `SELECT r FROM (SELECT try_catalog_call('${name}', i) AS r FROM range(1000, 2048) t(i)) WHERE (r).error IS NOT NULL`,
    )
    expect(await tried.toRows()).toEqual([
      {
        r: {
          value: null,
          error: {
            code: 'FUNCTION_FAILED',
            kind: 'function',
            message: `function '${name}' (version 1) failed in batch 0 of 1048 rows, row 234: no 1234`,
            attempts: 1,
          },
        },
      },
    ])
  },
)

test.each([
  ['exits', 'a thread that exits'],
  ['exits_by_row', 'a thread that exits, with calls that wait in it'],
  ['hoards', 'a thread that runs out of memory'],
  ['loops', 'a thread that never comes back'],
])('%s: %s costs its own row, and the pool is whole again within a second', async (name) => {
  const undisturbed = await doubled()
  const { got, failed } = await isolated(name, 40)
  expect({ got, failed }).toEqual({ got: 40, failed: [33n] })
  // On a busy machine everything takes longer.
  expect(await doubled()).toBeLessThan(Math.max(1000, 10 * undisturbed))
})
