import { ScalingGroup, Session } from 'callplane'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { values } from '../sessions.ts'
import { missingWorker, PythonWorker } from './pythonWorker.ts'

interface Example {
  /** What the type of a definition is. */
  readonly type: string
  /** A value in SQL. */
  readonly sql: string
  /** The type and the value that Python sees; null where it has no such value. */
  readonly seen: readonly [type: string, value: string] | null
}

const examples: readonly Example[] = [
  { type: 'BOOLEAN', sql: 'true', seen: ['bool', 'True'] },
  { type: 'TINYINT', sql: '-128', seen: ['int8', '-128'] },
  { type: 'INTEGER', sql: '-2147483648', seen: ['int32', '-2147483648'] },
  { type: 'BIGINT', sql: '9223372036854775807', seen: ['int64', '9223372036854775807'] },
  { type: 'UBIGINT', sql: '18446744073709551615', seen: ['uint64', '18446744073709551615'] },
  { type: 'FLOAT', sql: '0.1', seen: ['float', '0.10000000149011612'] },
  { type: 'DOUBLE', sql: `'-inf'`, seen: ['double', '-inf'] },
  { type: 'DECIMAL(18,3)', sql: '-12.345', seen: ['decimal128(18, 3)', "Decimal('-12.345')"] },
  { type: 'VARCHAR', sql: `'Grüße, 世界 👋🏽' || chr(0)`, seen: ['string', `'Grüße, 世界 👋🏽\\x00'`] },
  { type: 'BLOB', sql: `'\\x00\\xFFa'::BLOB`, seen: ['binary', `b'\\x00\\xffa'`] },
  { type: 'DATE', sql: `'1969-12-31'`, seen: ['date32[day]', 'datetime.date(1969, 12, 31)'] },
  { type: 'TIME', sql: `'23:59:59.999999'`, seen: ['time64[us]', 'datetime.time(23, 59, 59, 999999)'] },
  {
    type: 'TIMESTAMP',
    sql: `'2026-02-28 12:34:56.789012'`,
    seen: ['timestamp[us]', 'datetime.datetime(2026, 2, 28, 12, 34, 56, 789012)'],
  },
  {
    type: 'TIMESTAMPTZ',
    sql: `'2026-02-28 12:34:56.789012+02'`,
    seen: [
      'timestamp[us, tz=UTC]',
      `datetime.datetime(2026, 2, 28, 10, 34, 56, 789012, tzinfo=zoneinfo.ZoneInfo(key='UTC'))`,
    ],
  },
  { type: 'TIMESTAMP_NS', sql: `'2026-02-28 12:34:56.789012345'`, seen: null },
  {
    type: 'UUID',
    sql: `'550e8400-e29b-41d4-a716-446655440000'`,
    seen: ['extension<arrow.uuid>', `UUID('550e8400-e29b-41d4-a716-446655440000')`],
  },
  { type: 'JSON', sql: `'{"a": [1]}'`, seen: ['extension<arrow.json>', `'{"a": [1]}'`] },
  { type: "ENUM('a', 'b')", sql: `'b'`, seen: ['string', `'b'`] },
  { type: 'INTEGER[]', sql: '[1, NULL, 3]', seen: ['list<item: int32>', '[1, None, 3]'] },
  { type: 'DOUBLE[2]', sql: '[1, 2]', seen: ['fixed_size_list<item: double>[2]', '[1.0, 2.0]'] },
  {
    type: 'STRUCT(a INTEGER, b VARCHAR[])',
    sql: `{a: 1, b: ['x', NULL]}`,
    seen: ['struct<a: int32, b: list<item: string>>', `{'a': 1, 'b': ['x', None]}`],
  },
  { type: 'MAP(VARCHAR, INTEGER)', sql: `MAP {'a': 1}`, seen: ['map<string, int32>', `[('a', 1)]`] },
]

const skipped = missingWorker === null ? '' : ` (skipped: ${missingWorker})`

describe.skipIf(missingWorker !== null)(`values at a worker in Python${skipped}`, () => {
  let worker: PythonWorker
  let session: Session

  beforeAll(async () => {
    worker = await PythonWorker.open()
    const group = (name: string, type: string, output: string) =>
      ScalingGroup({ name, endpoints: worker.endpoint, input: { value: type }, output })
    session = await Session.open({
      functions: [
        ...examples.map(({ type }, at) => group(`echo__${at}`, type, type)),
        ...examples.map(({ type }, at) => group(`seen__${at}`, type, 'VARCHAR')),
        group('echo__huge', 'HUGEINT', 'HUGEINT'),
        group('sizes', 'VARCHAR', 'BIGINT'),
        group('fail', 'VARCHAR', 'VARCHAR'),
      ],
      state: null,
    })
  })
  afterAll(async () => {
    await session.close()
    await worker.close()
  })

  it.each(examples.map((example, at) => ({ ...example, at })))(
    'are there and back: $type',
    async (example) => {
      const { at, type, sql, seen } = example
      const rows = `(VALUES (0, (${sql})::${type}), (1, NULL), (2, (${sql})::${type})) v(i, value)`
      const back = `SELECT catalog_call('model.echo__${at}', value) IS NOT DISTINCT FROM value FROM ${rows}`
      expect(await values(session, back)).toEqual([true, true, true])
      if (seen === null) return
      const told = `SELECT catalog_call('model.seen__${at}', value) FROM ${rows} WHERE i < 2 ORDER BY i`
      expect(await values(session, told)).toEqual([`${seen[0]} ${seen[1]}`, `${seen[0]} None`])
    },
  )

  it('are refused where what comes back is of another type', async () => {
    const calling = values(session, `SELECT catalog_call('model.echo__huge', 1::HUGEINT)`)
    await expect(calling).rejects.toMatchObject({
      code: 'REMOTE_RESULT_INVALID',
      message: `function 'model.echo__huge' (version 1) got BLOB instead of HUGEINT from ${worker.endpoint} in batch 0`,
    })
  })

  it('are in order, and in calls of as many rows as come at once', async () => {
    const texts = `SELECT i, 'row ' || i AS value FROM range(20000) r(i)`
    const calls = `SELECT value, catalog_call('model.fail', value) AS back, catalog_call('model.sizes', value) AS size FROM (${texts})`
    const sums = `SELECT count(*) FILTER (back = value) AS same, sum(1.0 / size)::DOUBLE AS calls FROM (${calls})`
    const [row] = await (await session.sql(sums)).toRows()
    expect(row?.['same']).toBe(20_000n)
    expect(row?.['calls']).toBeCloseTo(3)
  })

  it('make no call where there are none', async () => {
    expect(
      await values(session, `SELECT catalog_call('model.sizes', 'x') FROM range(5) WHERE range > 9`),
    ).toEqual([])
    expect(worker.notes().filter((note) => note === 'sizes 0')).toEqual([])
  })

  it('are parted between rows where a message cannot hold them', async () => {
    const texts = `SELECT i, repeat(chr(97 + i::INTEGER), 3_000_000) AS value FROM range(25) r(i)`
    const back = `SELECT catalog_call('model.fail', value) = value FROM (${texts})`
    expect(await values(session, back)).toEqual(Array.from({ length: 25 }, () => true))
  })

  it('are refused where one of them alone is larger than a message', async () => {
    const calling = values(session, `SELECT catalog_call('model.fail', repeat('x', 40_000_000))`)
    await expect(calling).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message: expect.stringContaining('cannot be sent batch 0 of 1 row, row 0: it takes 40000'),
    })
  })
})
