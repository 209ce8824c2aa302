import { DataFrame, defineFunction, F, type QueryOptions, Session } from 'callplane'
import { expect, test } from 'vitest'
import { picky } from '../fixtures/pickyFunction.ts'
import { openSession, temporaryDirectory, values } from '../sessions.ts'

const numbers = (session: Session, rows: number): DataFrame =>
  DataFrame.fromRows(
    Array.from({ length: rows }, (_, i) => ({ i: BigInt(i) })),
    { i: 'BIGINT' },
    session.runner,
  )

const message = (i: number, rows: number): string =>
  `function 'picky' (version 1) failed in batch 0 of ${rows} rows, row ${i}: no ${i}`

test.each(['null', 'column', 'dead_letter'])('on_error => %s, in SQL', async (onError) => {
  const { fn, seen } = picky()
  const state = await temporaryDirectory()
  const session = await openSession({ functions: [fn], state })
  const result = await session.sql(
    `SELECT picky(i, options => {on_error: '${onError}'}) AS p FROM range(5) t(i)`,
  )
  const rows = await result.toRows()
  const error = (i: number) => (onError === 'column' ? { p_error: i % 3 === 0 ? message(i, 5) : null } : {})
  expect(rows).toMatchObject(
    [null, 1n, 2n, null, 4n].map((p, i) =>
      i % 3 === 0 && onError === 'column' ? { p, p_error: { message: message(i, 5) } } : { p, ...error(i) },
    ),
  )
  expect(result.failedRows).toBe(2)
  expect(seen).toHaveLength(5)
  if (onError !== 'dead_letter') return
  const letters = await values(
    session,
    `SELECT {'code': code, 'message': message, 'row': row, 'attempts': attempts, 'input': input}
     FROM '${state}/runs/${result.deadLetterRun}/dead-letters/*.parquet' ORDER BY row`,
  )
  expect(letters).toEqual(
    [0, 3].map((i) => ({
      code: 'FUNCTION_FAILED',
      message: message(i, 5),
      row: BigInt(i),
      attempts: 1n,
      input: { value: BigInt(i) },
    })),
  )
})

test('onError, tryCatalogCall and recover in a DataFrame', async () => {
  const { fn } = picky()
  const session = await openSession({ functions: [fn], state: null })
  const call = F.catalogCall('picky', F.col('i'))
  const rows = await numbers(session, 4)
    .project({
      nulls: call.onError('null'),
      tried: F.tryCatalogCall('picky', F.col('i')),
      recovered: F.recover(call, F.lit(-1)),
    })
    .toRows()
  expect(rows.map(({ nulls }) => nulls)).toEqual([null, 1n, 2n, null])
  expect(rows.map(({ recovered }) => recovered)).toEqual([-1n, 1n, 2n, -1n])
  expect(rows[3]).toMatchObject({
    tried: { value: null, error: { code: 'FUNCTION_FAILED', message: message(3, 4) } },
  })
  expect(rows[2]).toMatchObject({ tried: { value: 2n, error: null } })
})

test('a row is told by its place, whatever of its batch is called together or not at all', async () => {
  const { fn, seen } = picky()
  const session = await openSession({ functions: [fn], state: null })
  const rows = 'SELECT picky(CASE WHEN i < 5 THEN 1 ELSE i END) FROM range(8) t(i)'
  await expect(values(session, rows)).rejects.toThrow(
    "function 'picky' (version 1) failed in batch 0 of 8 rows, row 6: no 6",
  )
  expect(seen).toEqual([1n, 5n, 6n, 7n])
  const single =
    "SELECT picky(i, options => {retries: 0, concurrency: 2, on_error: 'column'}) AS p FROM range(1, 8) t(i)"
  const texts = (await (await session.sql(single)).toRows()).map(({ p_error: error }) => error)
  expect(texts[2]).toMatchObject({
    message: "function 'picky' (version 1) failed in batch 0 of 7 rows, row 2: no 3",
  })
})

test('the message of an error budget says how many failed, how many may, and what failed last', async () => {
  const { fn } = picky({ onError: 'null', maxErrors: 1 })
  const session = await openSession({ functions: [fn], state: null })
  await expect(values(session, 'SELECT picky(i) FROM range(5) t(i)')).rejects.toMatchObject({
    code: 'ERROR_BUDGET_EXCEEDED',
    message: `2 of 5 rows of function 'picky' (version 1) failed, but maxErrors is 1; the last error: ${message(3, 5)}`,
  })
  const told = picky({ onError: 'column', maxErrors: 1 })
  const third = await openSession({ functions: [told.fn], state: null })
  await expect(values(third, 'SELECT picky(i) FROM range(5) t(i)')).rejects.toMatchObject({
    code: 'ERROR_BUDGET_EXCEEDED',
  })
  const rated = picky({ onError: 'null', maxErrorRate: 0.25 })
  const other = await openSession({ functions: [rated.fn], state: null })
  expect(await values(other, 'SELECT picky(i) FROM range(5) t(i)')).toEqual([null, 1n, 2n, null, 4n])
  await expect(values(other, 'SELECT picky(i) FROM range(300) t(i)')).rejects.toThrow(
    "100 of 300 rows of function 'picky' (version 1) failed, but maxErrorRate is 0.25; the last error: function 'picky'",
  )
})

test('a budget of calls or dollars stops a run, and resumed it calls only what is missing', async () => {
  const seen: bigint[] = []
  const fn = defineFunction({
    name: 'priced',
    input: { value: 'BIGINT' },
    output: 'BIGINT',
    price: { perCall: 0.5 },
    concurrency: 4,
    handler: async ({ value }) => {
      seen.push(value ?? 0n)
      await new Promise((resolve) => setTimeout(resolve, 2))
      return value
    },
  })
  const [state, output] = [await temporaryDirectory(), await temporaryDirectory()]
  const write = async (options: object): Promise<number> => {
    const session = await Session.open({ functions: [fn], state })
    try {
      const frame = numbers(session, 100).withColumns({ p: F.catalogCall('priced', F.col('i')) })
      return await frame.writeParquet(`${output}/out.parquet`, { run: 'nightly', ...options })
    } finally {
      await session.close()
    }
  }
  await expect(write({ budget: { calls: 30 } })).rejects.toThrow(
    "the budget of 30 calls is used up: function 'priced' (version 1) would be called once more",
  )
  expect(seen.length).toBeLessThanOrEqual(30)
  await expect(write({ budget: { dollars: 10 }, resume: true })).rejects.toThrow(
    "the budget of $10.00 would be exceeded: $10.00 is spent, and a call of function 'priced' (version 1) for 1 row costs $0.50",
  )
  expect(seen.length).toBeLessThanOrEqual(50)
  expect(await write({ resume: true })).toBe(100)
  expect(new Set(seen).size).toBe(100)
  // What was in flight at each stop may have been called again.
  expect(seen.length).toBeLessThanOrEqual(100 + 2 * 4)
})

test('handlers that take one row are called, paid and limited by the row', async () => {
  const seen: unknown[] = []
  const takesRows = (name: string, options: { readonly price?: { readonly perCall: number } } = {}) =>
    defineFunction({
      name,
      input: { value: 'BIGINT' },
      output: 'BIGINT',
      ...options,
      handler: async ({ value }) => {
        seen.push(value)
        return value
      },
    })
  const functions = [
    takesRows('free'),
    takesRows('priced', { price: { perCall: 0.5 } }),
    'test/fixtures/identities/functions.ts',
  ]
  const session = await openSession({ functions, state: null })
  const calls = async (text: string) => {
    const result = await session.sql(text)
    await result.toRows()
    return result.profile.functions.map(({ calls: made, dollars }) => ({ made, dollars }))
  }
  expect(await calls('SELECT priced(i) FROM range(20) t(i)')).toEqual([{ made: 20, dollars: 10 }])
  expect(await session.explain('SELECT priced(i) FROM range(20) t(i)')).toContain(
    'estimate: 20 rows in 20 calls, $10.00',
  )
  // Without a price or a budget nobody asks how many calls there are.
  expect(await calls('SELECT free(i) FROM range(20) t(i)')).toEqual([{ made: 1, dollars: 0 }])
  const limited = async (text: string, budget: NonNullable<QueryOptions['budget']>): Promise<unknown> => {
    seen.length = 0
    return (await session.sql(text, [], { budget })).toRows()
  }
  await expect(limited('SELECT priced(i) FROM range(20) t(i)', { dollars: 3 })).rejects.toThrow(
    "the budget of $3.00 would be exceeded: $3.00 is spent, and a call of function 'priced' (version 1) for 1 row costs $0.50",
  )
  expect(seen.length).toBeLessThanOrEqual(6)
  await expect(limited('SELECT free(i) FROM range(20) t(i)', { calls: 7 })).rejects.toThrow(
    "the budget of 7 calls is used up: function 'free' (version 1) would be called once more",
  )
  expect(seen.length).toBeLessThanOrEqual(7)
  // What would be called in the engine's thread is counted, too, wherever it stands.
  for (const text of ['add_up(i, 1)', 'list_transform([i], x -> add_up(x, 1))']) {
    await expect(limited(`SELECT ${text} FROM range(20) t(i)`, { calls: 7 })).rejects.toThrow(
      "the budget of 7 calls is used up: function 'add_up' (version 1) would be called once more",
    )
    await limited(`SELECT ${text} FROM range(20) t(i)`, { calls: 20 })
  }
})

test('a function calls another, whose failure it may catch, and which counts for itself', async () => {
  const { fn, seen } = picky()
  const outer = defineFunction({
    name: 'outer',
    input: { value: 'BIGINT' },
    output: 'VARCHAR',
    handler: async ({ value }, { call }) => {
      try {
        return String(await call('picky', value))
      } catch (error) {
        return error instanceof Error ? error.message : ''
      }
    },
  })
  const session = await openSession({ functions: [fn, outer], state: null })
  const result = await session.sql('SELECT outer(i % 4) AS o FROM range(8) t(i)')
  const texts = (await result.toRows()).map(({ o }) => o)
  expect(texts.slice(0, 4)).toEqual([
    expect.stringContaining('no 0'),
    '1',
    '2',
    expect.stringContaining('no 3'),
  ])
  expect(texts.slice(4)).toEqual(texts.slice(0, 4))
  expect(seen).toHaveLength(4)
  expect(result.calls.map(({ function: name, calls }) => [name, calls])).toEqual(
    expect.arrayContaining([
      ['outer', expect.any(Number)],
      ['picky', 4],
    ]),
  )
})

test('sessions share a limit by its key, and a cache by its directory', async () => {
  let [active, most] = [0, 0]
  const seen: unknown[] = []
  const limited = (name: string) =>
    defineFunction({
      name,
      input: { value: 'BIGINT' },
      output: 'BIGINT',
      concurrency: { maxConcurrent: 3, key: 'outcomes-test' },
      cache: true,
      handler: async ({ value }) => {
        seen.push(value)
        most = Math.max(most, ++active)
        await new Promise((resolve) => setTimeout(resolve, 3))
        active--
        return value
      },
    })
  const state = await temporaryDirectory()
  const open = async () => openSession({ functions: [limited('one'), limited('two')], state })
  const [first, second] = [await open(), await open()]
  await Promise.all([
    values(first, 'SELECT one(i) FROM range(20) t(i)'),
    values(second, 'SELECT two(i) FROM range(20) t(i)'),
  ])
  expect(most).toBeLessThanOrEqual(3)
  expect(seen).toHaveLength(40)
  const again = await second.sql('SELECT one(i) AS o FROM range(25) t(i)')
  expect((await again.toRows()).map(({ o }) => o)).toEqual(Array.from({ length: 25 }, (_, i) => BigInt(i)))
  expect(seen).toHaveLength(45)
  expect(again.profile.functions[0]?.saved).toMatchObject({ cache: 20 })
})

test('a streaming handler gives lists to SQL', async () => {
  const words = defineFunction({
    name: 'words',
    input: { text: 'VARCHAR' },
    output: 'VARCHAR',
    handler: async function* ({ text }) {
      for (const word of text?.split(' ') ?? []) {
        if (word === 'bad') throw new Error('a bad word')
        yield word
      }
    },
  })
  const session = await openSession({ functions: [words], state: null })
  const texts = "(VALUES ('a b'), ('c bad'), (NULL)) t(x)"
  expect(await values(session, `SELECT words(x, options => {on_error: 'null'}) FROM ${texts}`)).toEqual([
    ['a', 'b'],
    ['c'],
    [],
  ])
  expect(await values(session, `SELECT unnest(words(x)) FROM (VALUES ('a b'), ('c')) t(x)`)).toEqual([
    'a',
    'b',
    'c',
  ])
  await expect(values(session, `SELECT words(x) FROM ${texts}`)).rejects.toThrow('after 1 item')
})

test('a volatile function is called for each row, cached or not, in whatever place', async () => {
  let count = 0
  const dice = defineFunction({
    name: 'dice',
    input: { value: 'BIGINT' },
    output: 'BIGINT',
    volatility: 'volatile',
    handler: async () => BigInt(++count),
  })
  const session = await openSession({ functions: [dice], state: await temporaryDirectory() })
  const rolled = await values(session, 'SELECT dice(1) FROM range(20)')
  expect(new Set(rolled).size).toBe(20)
  await values(session, 'SELECT dice(1) FROM range(20)')
  expect(count).toBe(40)
  await expect(values(session, 'SELECT dice(1, options => {cache: true}) FROM range(20)')).rejects.toThrow(
    'volatile',
  )
})
