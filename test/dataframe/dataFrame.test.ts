import { beforeAll, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import { DataFrame } from '../../dataframe/dataFrame.ts'
import { F } from '../../dataframe/functions.ts'
import { _ } from '../../dataframe/underscore.ts'
import { DuckDBRunner } from './duckdbRunner.ts'

let runner: DuckDBRunner
let memos: DataFrame
let cities: DataFrame

beforeAll(async () => {
  runner = await DuckDBRunner.open()
  await runner.query(`CREATE TABLE memos AS FROM (VALUES
    (1, 'Bern', 10.5::DOUBLE, ['a', 'b']), (2, 'Basel', NULL, []), (3, 'Bern', 3.5, ['c']), (4, 'Chur', 8.0, NULL)
  ) t(id, place, amount, tags)`)
  await runner.query(
    `CREATE TABLE cities AS FROM (VALUES ('Bern', 1, 130), ('Basel', 2, 170), ('Genf', 9, 200)) t(place, id, size)`,
  )
  memos = DataFrame.table('memos', runner)
  cities = DataFrame.table('cities', runner)
})

beforeEach(() => {
  runner.log.length = 0
})

/** The plan as built, then the rows. */
async function check(
  frame: DataFrame<object>,
  plan: string,
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  expect(String(frame)).toBe(plan.trim())
  expect((await frame.toRows()).map((row) => Object.values(row))).toEqual(rows)
}

test('project: just what it names', async () => {
  await check(
    memos.project({ twice: _.amount.times(2), id: _.id }),
    `
project twice = (amount * 2), id
  scan table memos`,
    [
      [21, 1],
      [null, 2],
      [7, 3],
      [16, 4],
    ],
  )
  await check(
    memos.project((c) => ({ place: c.place.upper() })).limit(1),
    `
limit 1
  project place = upper(place)
    scan table memos`,
    [['BERN']],
  )
})

test('withColumns: waits for the columns, puts new ones last and others in their place', async () => {
  const frame = memos.withColumns({ twice: _.amount.times(2), PLACE: _.place.upper() }).limit(1)
  await check(
    frame,
    `
limit 1
  withColumns twice = (amount * 2), PLACE = upper(place)
    scan table memos`,
    [[1, 'BERN', 10.5, ['a', 'b'], 21]],
  )
  expect(await frame.explain()).toBe(
    `
limit 1
  project id, PLACE = upper(place), amount, tags, twice = (amount * 2)
    scan table memos`.trim(),
  )
})

test('columns that are known are not asked for', async () => {
  const frame = memos
    .select('id', 'place')
    .withColumns({ after: _.id.plus(1) })
    .drop('place')
    .rename({ after: 'later' })
  await check(
    frame.limit(1),
    `
limit 1
  project id, later = after
    project id, after
      project id, place, after = (id + 1)
        project id, place
          scan table memos`,
    [[1, 2]],
  )
  expect(runner.log).toEqual(['run'])
})

test('columns are asked for once', async () => {
  await memos.drop('tags').rename({ place: 'city' }).withColumns({ x: _.city }).toRows()
  expect(runner.log).toEqual(['describe scan', 'run'])
})

test('filter: every condition has to hold', async () => {
  await check(
    memos.filter(_.amount.gt(5), (c) => c.place.eq('Bern')).select('id'),
    `
project id
  filter ((amount > 5) AND (place = 'Bern'))
    scan table memos`,
    [[1]],
  )
})

test('select, drop and rename find names whatever their letter case', async () => {
  await check(
    memos.select('ID', 'Place').limit(1),
    `
limit 1
  project ID, Place
    scan table memos`,
    [[1, 'Bern']],
  )
  await check(
    memos.drop('TAGS', 'amount').rename({ PLACE: 'city' }).limit(1),
    `
limit 1
  rename PLACE to city
    drop TAGS, amount
      scan table memos`,
    [[1, 'Bern']],
  )
})

test('rename: names can be swapped', async () => {
  const swapped = memos.select('id', 'amount').rename({ id: 'amount', amount: 'id' })
  expect(await swapped.limit(1).toRows()).toEqual([{ amount: 1, id: 10.5 }])
})

test('groupBy and agg', async () => {
  await check(
    memos
      .groupBy('place')
      .agg({ n: F.count(), total: F.sum(_.amount) })
      .orderBy('place'),
    `
sort place
  aggregate n = count(), total = sum(amount) by place
    scan table memos`,
    [
      ['Basel', 1n, null],
      ['Bern', 2n, 14],
      ['Chur', 1n, 8],
    ],
  )
  await check(
    memos
      .groupBy(_.place.length().alias('size'), { even: _.id.modulo(2).eq(0) })
      .agg({ n: F.count() })
      .orderBy('size', 'even'),
    `
sort size, even
  aggregate n = count() by size = length(place), even = ((id % 2) = 0)
    scan table memos`,
    [
      [4n, false, 2n],
      [4n, true, 1n],
      [5n, true, 1n],
    ],
  )
  await check(
    memos.agg((c) => ({ n: F.count(), most: F.max(c.amount) })),
    `
aggregate n = count(), most = max(amount)
  scan table memos`,
    [[4n, 10.5]],
  )
})

test('orderBy: by names, expressions and orders', async () => {
  await check(
    memos.orderBy(_.amount.desc().nullsLast(), 'id').select('id'),
    `
project id
  sort amount desc nulls last, id
    scan table memos`,
    [[1], [4], [3], [2]],
  )
  await check(
    memos.orderBy(_.place.asc().nullsFirst(), _.id.negate()).select('id'),
    `
project id
  sort place nulls first, (- id)
    scan table memos`,
    [[2], [3], [1], [4]],
  )
})

test('distinct: whole rows, or the first row for each value', async () => {
  await check(
    memos.select('place').distinct().orderBy('place'),
    `
sort place
  distinct
    project place
      scan table memos`,
    [['Basel'], ['Bern'], ['Chur']],
  )
  await check(
    memos.orderBy(_.id.desc()).distinct('place').select('id'),
    `
project id
  distinct on place
    sort id desc
      scan table memos`,
    [[4], [3], [2]],
  )
})

test('limit, slice and head', async () => {
  const ids = memos.select('id')
  await check(ids.limit(2), 'limit 2\n  project id\n    scan table memos', [[1], [2]])
  await check(ids.limit(1, 2), 'limit 1 offset 2\n  project id\n    scan table memos', [[3]])
  await check(ids.slice(2), 'offset 2\n  project id\n    scan table memos', [[3], [4]])
  await check(ids.slice(1, 2), 'limit 2 offset 1\n  project id\n    scan table memos', [[2], [3]])
  await check(ids.head(), 'limit 10\n  project id\n    scan table memos', [[1], [2], [3], [4]])
})

test('sample: a number of rows or a share of them, the same ones with a seed', async () => {
  const rows = memos.select('id').sample({ rows: 2, seed: 7 })
  expect(String(rows).split('\n')[0]).toBe('sample 2 rows seed 7')
  expect(await rows.toRows()).toHaveLength(2)
  expect(await rows.toRows()).toEqual(await rows.toRows())
  expect(String(memos.sample({ fraction: 0.5 })).split('\n')[0]).toBe('sample fraction 0.5')
  expect(await memos.sample({ fraction: 0 }).toRows()).toEqual([])
})

test('union: by position, or by name', async () => {
  const one = memos.select('id', 'place').limit(1)
  await check(
    one.union(cities.select('id', 'place').limit(1)),
    `
union
  limit 1
    project id, place
      scan table memos
  limit 1
    project id, place
      scan table cities`,
    [
      [1, 'Bern'],
      [1, 'Bern'],
    ],
  )
  expect(await one.union(cities.limit(1), { byName: true }).toRows()).toEqual([
    { id: 1, place: 'Bern', size: null },
    { id: 1, place: 'Bern', size: 130 },
  ])
})

test('explode: a row for each item', async () => {
  await check(
    memos.select('id', 'tags').explode('tags'),
    `
explode tags
  project id, tags
    scan table memos`,
    [
      [1, 'a'],
      [1, 'b'],
      [3, 'c'],
    ],
  )
  await check(
    memos.select('id', 'tags').explode('tags', { keepEmpty: true }),
    `
explode tags keeping empty lists
  project id, tags
    scan table memos`,
    [
      [1, 'a'],
      [1, 'b'],
      [2, null],
      [3, 'c'],
      [4, null],
    ],
  )
})

test('window: functions without a window of their own share one', async () => {
  const frame = memos
    .select('id', 'place')
    .window(
      { row: F.rowNumber(), last: F.max(_.id).over(), next: F.lead(_.id) },
      { partitionBy: 'place', orderBy: _.id },
    )
  await check(
    frame.orderBy('id'),
    `
sort id
  project id, place, row = row_number() OVER (PARTITION BY place ORDER BY id), last = max(id) OVER (), next = lead(id) OVER (PARTITION BY place ORDER BY id)
    project id, place
      scan table memos`,
    [
      [1, 'Bern', 1n, 4, 3],
      [2, 'Basel', 1n, 4, null],
      [3, 'Bern', 2n, 4, null],
      [4, 'Chur', 1n, 4, null],
    ],
  )
})

test('describe: figures of each column', async () => {
  const described = memos.describe()
  expect(String(described)).toBe('describe\n  scan table memos')
  expect(await described.toRows()).toEqual([
    {
      column: 'id',
      type: 'INTEGER',
      count: 4n,
      nulls: 0n,
      distinct: 4n,
      min: '1',
      max: '4',
      mean: 2.5,
      std: expect.closeTo(1.29),
      q25: 1.75,
      median: 2.5,
      q75: 3.25,
    },
    {
      column: 'place',
      type: 'VARCHAR',
      count: 4n,
      nulls: 0n,
      distinct: 3n,
      min: 'Basel',
      max: 'Chur',
      mean: null,
      std: null,
      q25: null,
      median: null,
      q75: null,
    },
    {
      column: 'amount',
      type: 'DOUBLE',
      count: 3n,
      nulls: 1n,
      distinct: 3n,
      min: '3.5',
      max: '10.5',
      mean: expect.closeTo(7.333),
      std: expect.closeTo(3.547),
      q25: 5.75,
      median: 8,
      q75: 9.25,
    },
    {
      column: 'tags',
      type: 'VARCHAR[]',
      count: 3n,
      nulls: 1n,
      distinct: 3n,
      min: null,
      max: null,
      mean: null,
      std: null,
      q25: null,
      median: null,
      q75: null,
    },
  ])
})

test('describe takes every type, and values that have no deviation', async () => {
  await runner.query('CREATE TABLE every_type AS FROM test_all_types()')
  const rows = await DataFrame.table('every_type', runner).describe().toRows()
  expect(rows.map(({ column }) => column)).toContain('struct_of_arrays')
  expect(rows.find(({ column }) => column === 'double')).toMatchObject({ count: 2n, nulls: 1n, std: null })
})

test('fromSql and fromRows', async () => {
  const frame = DataFrame.fromSql('SELECT 1 AS a, 2 AS b', [], runner).withColumns({
    c: _.a.plus(_.b),
  })
  await check(frame, 'withColumns c = (a + b)\n  sql SELECT 1 AS a, 2 AS b', [[1, 2, 3]])
  const rows = DataFrame.fromRows(
    [
      { a: 1, b: 'x' },
      { a: null, b: 'y' },
    ],
    { a: 'DOUBLE', b: 'VARCHAR' },
    runner,
  )
  await check(
    rows.union(rows).filter(_.a.isNotNull()),
    'filter (a IS NOT NULL)\n  union\n    scan rows\n    scan rows',
    [
      [1, 'x'],
      [1, 'x'],
    ],
  )
})

test('text of F.sql is parsed by the session, with columns in its holes', async () => {
  await check(
    memos.filter(F.sql('amount > 5')).project({ x: F.sql`upper(${_.place.concat(F.sql('id'))}) || '!'` }),
    `
project x = (upper(concat(place, (id))) || '!')
  filter (amount > 5)
    scan table memos`,
    [['BERN1!'], ['CHUR4!']],
  )
  expect(runner.log).toEqual([
    'parse (amount > 5)',
    'parse (id)',
    `parse (upper("callplane hole 0") || '!')`,
    'run',
  ])
})

test('scan: the format is that of the names, and a schema names and casts the columns', () => {
  const plans = [
    DataFrame.scan('memos.parquet'),
    DataFrame.scan(['a.csv', 'b.csv.gz'], { delim: ';', hivePartitioning: true }),
    DataFrame.scan('data/*.tsv'),
    DataFrame.scan('data/x.ndjson'),
    DataFrame.scan('enriched/', { format: 'parquet' }),
    DataFrame.scan('memos.parquet', { schema: { memo: 'text', 'odd name': 'INT[]' } }),
    DataFrame.scan('memos.json', { schema: z.object({ memo: z.string(), at: z.date() }) }),
    DataFrame.scan('memos.arrow'),
    DataFrame.table('archive.main.memos'),
    DataFrame.table(['odd.name']),
  ]
  expect(plans.map(String)).toEqual([
    "scan parquet 'memos.parquet'",
    "scan csv 'a.csv', 'b.csv.gz' delim=; hive_partitioning=true",
    "scan csv 'data/*.tsv' delim=\t",
    "scan json 'data/x.ndjson' format=newline_delimited",
    "scan parquet 'enriched/**/*.parquet'",
    'project memo = CAST(memo AS VARCHAR), "odd name" = CAST("odd name" AS INTEGER[])\n  scan parquet \'memos.parquet\' [memo, "odd name"]',
    "project memo = CAST(memo AS VARCHAR), at = CAST(at AS TIMESTAMP)\n  scan json 'memos.json' [memo, at]",
    "scan arrow 'memos.arrow'",
    'scan table archive.main.memos',
    'scan table "odd.name"',
  ])
})

test('actions', async () => {
  expect(await memos.count()).toBe(4)
  expect(await memos.schema()).toEqual(await memos.filter(_.id.gt(1)).schema())
  expect(await (await memos.select('id').collect()).toRows()).toEqual([
    { id: 1 },
    { id: 2 },
    { id: 3 },
    { id: 4 },
  ])
  const written: string[] = []
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = (text) => written.push(String(text)) > 0
  const shown = await memos
    .select('id', 'place')
    .show(2)
    .finally(() => {
      process.stdout.write = write
    })
  expect(written).toEqual([`${shown}\n`])
  expect(shown).toBe(
    `
┌─────────┬─────────┐
│      id │ place   │
│ INTEGER │ VARCHAR │
├─────────┼─────────┤
│       1 │ Bern    │
│       2 │ Basel   │
└─────────┴─────────┘
the first 2 rows`.trim(),
  )
})

test('write says what, where and how', async () => {
  await memos.write('out/memos.parquet')
  await memos.writeParquet('out/', { mode: 'overwrite', rowGroupSize: 1000 })
  await memos.write('out', { partitionBy: 'place', compression: 'snappy' })
  await memos.writeCsv('memos.tsv', { header: false })
  await memos.writeJson('memos.json')
  await memos.write('memos.ndjson')
  await memos.writeArrow('memos.arrow')
  const file = { directory: false, partitionBy: [], mode: 'error' }
  expect(runner.writes).toEqual([
    { ...file, path: 'out/memos.parquet', format: 'parquet', options: { compression: 'zstd' } },
    {
      ...file,
      path: 'out/',
      format: 'parquet',
      directory: true,
      mode: 'overwrite',
      options: { compression: 'zstd', row_group_size: 1000 },
    },
    {
      ...file,
      path: 'out',
      format: 'parquet',
      directory: true,
      partitionBy: ['place'],
      options: { compression: 'snappy' },
    },
    { ...file, path: 'memos.tsv', format: 'csv', options: { delim: '\t', header: false } },
    { ...file, path: 'memos.json', format: 'json', options: { array: true } },
    { ...file, path: 'memos.ndjson', format: 'json', options: {} },
    { ...file, path: 'memos.arrow', format: 'arrow', options: {} },
  ])
})

test('DataFrames are immutable, and nothing runs before an action', async () => {
  const before = String(memos)
  const frame = memos.filter(_.id.gt(1)).withColumns({ x: _.id }).join(cities, { on: 'place' }).describe()
  expect(String(memos)).toBe(before)
  expect(runner.log).toEqual([])
  expect(Object.isFrozen(frame.relation)).toBe(true)
  expect(() => Object.assign(_.amount, { x: 1 })).toThrow(TypeError)
  const sum = F.sum(_.amount)
  sum.over({ partitionBy: 'place' })
  expect(String(sum)).toBe('sum("amount")')
  await memos.toRows()
  expect(runner.log).toEqual(['run'])
})
