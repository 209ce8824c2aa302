import { DataFrame, F, type Session } from 'callplane'
import { describe, expect, test } from 'vitest'
import { isEngineError } from '../../src/base/errors.ts'
import { picky } from '../fixtures/pickyFunction.ts'
import { openSession, temporaryDirectory, values } from '../sessions.ts'

async function open(fn = picky().fn, route: 'staged' | 'bridged' | null = null): Promise<Session> {
  const session = await openSession({
    functions: [fn, 'test/fixtures/identities/functions.ts'],
    state: await temporaryDirectory(),
    settings: { route },
  })
  await session.sql('CREATE TABLE t AS SELECT i, i AS k FROM range(9) t(i)')
  return session
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (isEngineError(error)) return `${error.code} ${error.message}`
    throw error
  }
  return 'accepted'
}

const letters = (state: string, run: string | null): string =>
  `FROM '${state}/runs/${run}/dead-letters/*.parquet'`

describe('a call with options of its own, or tried, gives the same wherever it is made', () => {
  test.each([
    "picky(i, options => {on_error: 'null'})",
    "picky(i, options => {on_error: 'dead_letter', retries: {attempts: 1, delay: 0}})",
    "try_catalog_call('picky', i).value",
    "try_catalog_call('picky', i, options => {retries: {attempts: 1, delay: 0}}).error.attempts",
    "picky(i, options => {on_error: 'null', max_errors: 3})",
    "picky(i, metadata => {shard: i % 2}, options => {on_error: 'null'})",
    "coalesce(picky(i, options => {on_error: 'null'}), try_catalog_call('picky', i + 1).value)",
  ])('%s', async (call) => {
    const answers: unknown[] = []
    for (const route of ['staged', 'bridged'] as const) {
      const session = await open(picky().fn, route)
      const result = await session.sql(`SELECT ${call} AS p FROM t ORDER BY i`)
      const rows = (await result.toRows()).map(({ p }) => p)
      answers.push([rows, result.failedRows])
      const lambda = call.replaceAll(/\bi\b/g, 'x')
      const list = `SELECT list_transform(list(i ORDER BY i), x -> ${lambda}) FROM t`
      expect((await values(session, list))[0]).toEqual(rows)
      expect(await values(session, `SELECT (SELECT ${call} FROM range(1)) FROM t ORDER BY i`)).toEqual(rows)
    }
    expect(answers[0]).toEqual(answers[1])
  })
})

test('UPDATE keeps what a call is given: retries, rows that fail, their dead letters', async () => {
  const { fn, seen } = picky()
  const state = await temporaryDirectory()
  const session = await openSession({ functions: [fn], state })
  await session.sql('CREATE TABLE t AS SELECT i, i AS k FROM range(5) t(i)')
  const update = await session.sql(
    "UPDATE t SET k = picky(i, options => {on_error: 'dead_letter', retries: {attempts: 2, delay: 0}})",
  )
  expect([update.failedRows, seen.length]).toEqual([2, 3 + 2 * 3])
  expect(await values(session, 'SELECT k FROM t ORDER BY i')).toEqual([null, 1n, 2n, null, 4n])
  const kept = `SELECT [input.value, attempts] ${letters(state, update.deadLetterRun)} ORDER BY row`
  expect(await values(session, kept)).toEqual([
    [0n, 3n],
    [3n, 3n],
  ])
})

test('within a transaction, too', async () => {
  const session = await open()
  await session.sql('BEGIN')
  const update = await session.sql("UPDATE t SET k = picky(i, options => {on_error: 'dead_letter'})")
  await session.sql('COMMIT')
  expect(update.failedRows).toBe(3)
  expect(await values(session, 'SELECT count(k) FROM t')).toEqual([6n])
})

test('more dead letters than are kept in memory are written while the engine goes on', async () => {
  const state = await temporaryDirectory()
  const session = await openSession({ functions: [picky().fn], state })
  await session.sql('CREATE TABLE big AS SELECT i FROM range(31500) t(i)')
  const update = await session.sql("UPDATE big SET i = picky(i, options => {on_error: 'dead_letter'})")
  expect(update.failedRows).toBe(10_500)
  expect(await values(session, `SELECT count(*) ${letters(state, update.deadLetterRun)}`)).toEqual([10_500n])
})

test('a view keeps them', async () => {
  const session = await open()
  await session.sql(
    "CREATE VIEW v AS SELECT i, picky(i, options => {on_error: 'null'}) AS p, try_catalog_call('picky', i) AS t FROM t",
  )
  expect(await values(session, 'SELECT p FROM v WHERE t.error IS NULL')).toEqual([1n, 2n, 4n, 5n, 7n, 8n])
})

test('an error budget counts over the rows of the call', async () => {
  const session = await open()
  const update = "UPDATE t SET k = picky(i, options => {on_error: 'null', max_errors: 2})"
  expect(await refusal(session.sql(update))).toBe(
    "ERROR_BUDGET_EXCEEDED 3 of 9 rows of function 'picky' (version 1) failed, but maxErrors is 2; the last error: function 'picky' (version 1) failed in batch 0 of 9 rows, row 6: no 6",
  )
})

test('a function that runs in the callback goes over the bridge just where a call is given something', async () => {
  const session = await open()
  const plan = await session.explain(
    'SELECT list_transform([i], x -> id_int(x) + id_int(x, options => {retries: 1})) FROM t',
  )
  expect(plan).toMatch(/id_int \(version 1\): fused/)
  expect(plan).toMatch(/id_int \(version 1\): bridged[^]*1 retries, exponential from 1 s/)
  const result = await session.sql(
    "UPDATE t SET k = id_int(i) + id_int(i, options => {batch_size: 2}) + try_catalog_call('id_int', i).value",
  )
  expect(await values(session, 'SELECT k FROM t ORDER BY i LIMIT 3')).toEqual([0n, 3n, 6n])
  // In the callback batches of 7 and 2; over the bridge 5 of up to 2, and 2 for the one that is tried.
  expect(result.calls).toMatchObject([{ function: 'id_int', calls: 9, rows: 27 }])
})

test('a row takes the options of its own where SQL gives each other ones', async () => {
  const session = await open()
  await session.sql('CREATE MACRO called(x, text) AS "picky"(x, NULL, text)')
  const text = `CASE WHEN i < 4 THEN '{"on_error":"null"}' ELSE '{"on_error":"dead_letter"}' END`
  const result = await session.sql(`SELECT called(i, ${text}) AS c FROM t ORDER BY i`)
  expect((await result.toRows()).map(({ c }) => c)).toEqual([null, 1n, 2n, null, 4n, 5n, null, 7n, 8n])
  expect([result.failedRows, result.deadLetterRun === null]).toEqual([3, false])
})

test('options that contradict the function are refused where the call stands', async () => {
  const session = await open()
  expect(await refusal(session.sql('UPDATE t SET k = picky(i, options => {batch_size: 3})'))).toBe(
    `WRONG_ARGUMENTS the call of 'picky' has a batch size, but the function takes one row at a time
  LINE 1: UPDATE t SET k = picky(i, options => {batch_size: 3})
                           ^
  give its definition batching: {}, and a handler that takes a list a column`,
  )
  await session.sql(`CREATE MACRO called(x) AS "picky"(x, NULL, '{"batch_size":3}')`)
  expect(await refusal(session.sql('UPDATE t SET k = called(i)'))).toMatch(
    /^WRONG_ARGUMENTS the call of 'picky' has a batch size/,
  )
})

test('an expression of a DataFrame makes them', async () => {
  const session = await open()
  const tried = F.sql("list_transform([i, i + 1], x -> try_catalog_call('picky', x).value)")
  const rows = await DataFrame.table('t', session.runner).limit(3).project({ tried }).toRows()
  expect(rows.map((row) => row['tried'])).toEqual([
    [null, 1n],
    [1n, 2n],
    [2n, null],
  ])
})

describe("on_error => 'column'", () => {
  test('counts the rows that fail, and has an error budget, for a call site as for a definition', async () => {
    for (const [fn, options] of [
      [picky().fn, "{on_error: 'column', max_errors: 3}"],
      [picky({ onError: 'column', maxErrors: 3 }).fn, 'NULL'],
    ] as const) {
      const session = await open(fn)
      const query = `SELECT picky(i, options => ${options}) AS p FROM t`
      const result = await session.sql(query)
      expect((await result.toRows()).filter(({ p_error: error }) => error !== null)).toHaveLength(3)
      expect(result.failedRows).toBe(3)
      expect(await refusal(values(session, `${query} UNION ALL ${query}`))).toBe('accepted')
      expect(await refusal(values(session, query.replace(' t', ' range(10) t(i)')))).toBe(
        "ERROR_BUDGET_EXCEEDED 4 of 10 rows of function 'picky' (version 1) failed, but maxErrors is 3; the last error: function 'picky' (version 1) failed in batch 0 of 10 rows, row 9: no 9",
      )
    }
  })

  test('counts no row of a call that is tried', async () => {
    const session = await open(picky({ onError: 'column', maxErrors: 1 }).fn)
    const result = await session.sql("SELECT try_catalog_call('picky', i).error.code AS c FROM t")
    expect((await result.toRows()).filter(({ c }) => c === 'FUNCTION_FAILED')).toHaveLength(3)
    expect(result.failedRows).toBe(0)
  })
})
