import { beforeAll, expect, test } from 'vitest'
import { DataFrame } from '../../dataframe/dataFrame.ts'
import { F } from '../../dataframe/functions.ts'
import { _ } from '../../dataframe/underscore.ts'
import { DuckDBRunner } from './duckdbRunner.ts'

let runner: DuckDBRunner
let memos: DataFrame
let cities: DataFrame
let selected: DataFrame
let rates: DataFrame

beforeAll(async () => {
  runner = await DuckDBRunner.open()
  await runner.query(
    `CREATE TABLE memos AS FROM (VALUES (1, 'Bern', 10), (2, 'Basel', 20), (3, NULL, 30)) t(id, city, amount)`,
  )
  await runner.query(
    `CREATE TABLE cities AS FROM (VALUES ('Bern', 7, 130), ('Genf', 2, 200)) t(city, id, size)`,
  )
  await runner.query(
    `CREATE TABLE rates AS FROM (VALUES (1, 'x', 0.5::DOUBLE), (1, 'y', 0.25), (3, 'x', 0.75)) t(since, kind, rate)`,
  )
  memos = DataFrame.table('memos', runner)
  cities = DataFrame.table('cities', runner)
  selected = memos.select('id', 'city', 'amount')
  rates = DataFrame.table('rates', runner)
})

async function rowsOf(frame: DataFrame<object>): Promise<readonly object[]> {
  return (await frame.toRows()).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

test('on: columns of both sides, which the result has once; other names of both get a suffix', async () => {
  const joined = selected.join(cities.select('city', 'id', 'size'), { on: 'city' })
  expect(String(joined)).toBe(
    `
inner join using city
  project id, city, amount
    scan table memos
  project city, id_right = id, size
    project city, id, size
      scan table cities`.trim(),
  )
  expect(await joined.toRows()).toEqual([{ id: 1, city: 'Bern', amount: 10, id_right: 7, size: 130 }])
})

test('a join waits for the columns of both sides', async () => {
  const joined = memos.join(cities, { on: ['CITY'], how: 'left', suffix: '_of_city' })
  expect(String(joined)).toBe('left join using CITY\n  scan table memos\n  scan table cities')
  expect(await rowsOf(joined)).toEqual([
    { id: 1, city: 'Bern', amount: 10, id_of_city: 7, size: 130 },
    { id: 2, city: 'Basel', amount: 20, id_of_city: null, size: null },
    { id: 3, city: null, amount: 30, id_of_city: null, size: null },
  ])
})

test('every kind of join', async () => {
  const of = async (how: 'right' | 'full' | 'semi' | 'anti') =>
    (await rowsOf(memos.join(cities, { on: 'city', how }))).map((row) => Object.values(row))
  expect(await of('right')).toEqual([
    [1, 'Bern', 10, 7, 130],
    [null, 'Genf', null, 2, 200],
  ])
  expect(await of('full')).toEqual([
    [1, 'Bern', 10, 7, 130],
    [2, 'Basel', 20, null, null],
    [3, null, 30, null, null],
    [null, 'Genf', null, 2, 200],
  ])
  expect(await of('semi')).toEqual([[1, 'Bern', 10]])
  expect(await of('anti')).toEqual([
    [2, 'Basel', 20],
    [3, null, 30],
  ])
  expect(await memos.join(cities, { how: 'cross' }).count()).toBe(6)
})

test('leftOn and rightOn: names or expressions; the result has both', async () => {
  const byName = memos.join(cities, { leftOn: 'city', rightOn: 'city' })
  expect(await byName.toRows()).toEqual([
    { id: 1, city: 'Bern', amount: 10, city_right: 'Bern', id_right: 7, size: 130 },
  ])
  const same = _.id
  const byExpression = memos.join(cities, { leftOn: same, rightOn: [same] })
  expect(await byExpression.project({ id: _.id, city: _.city_right }).toRows()).toEqual([
    { id: 2, city: 'Genf' },
  ])
  const computed = memos.join(cities, { leftOn: _.amount.times(10), rightOn: _.size })
  expect(await computed.project({ id: _.id, size: _.size }).toRows()).toEqual([{ id: 2, size: 200 }])
})

test('a condition over both sides', async () => {
  const joined = memos.join(cities, {
    condition: (left, right) => left.id.lt(right.id).and(left.city.ne(right.city)),
  })
  expect(await rowsOf(joined.project({ left: _.id, right: _.id_right }))).toEqual([
    { left: 1, right: 2 },
    { left: 2, right: 7 },
  ])
  const known = selected.join(cities.select('id', 'size'), {
    condition: (left, right) => left.id.eq(right.id),
  })
  expect(String(known).split('\n')[0]).toBe('inner join on (id = id_right)')
})

test('a condition may be besides the columns, in SQL, or over the names of the result', async () => {
  const both = memos.join(cities, {
    on: 'city',
    condition: (left, right) => left.amount.lt(right.size),
    how: 'left',
  })
  expect(await both.filter(_.size.isNotNull()).count()).toBe(1)
  expect(await memos.join(cities, { condition: _.id.eq(_.id_right) }).count()).toBe(1)
  const text = memos.join(cities, { condition: (left, right) => F.sql`${left.id} = ${right.id}` })
  expect(await text.project({ id: _.id }).toRows()).toEqual([{ id: 2 }])
  const keys = memos.join(cities, { leftOn: F.sql('id * 100'), rightOn: F.sql`${_.size}` })
  expect(await keys.project({ id: _.id, size: _.size }).toRows()).toEqual([{ id: 2, size: 200 }])
})

test('asof: the nearest partner on one side', async () => {
  const joined = memos.join(rates.filter(_.kind.eq('x')), {
    how: 'asof',
    condition: (left, right) => left.id.ge(right.since),
  })
  expect(await rowsOf(joined.project({ id: _.id, rate: _.rate }))).toEqual([
    { id: 1, rate: 0.5 },
    { id: 2, rate: 0.5 },
    { id: 3, rate: 0.75 },
  ])
})

test('a DataFrame can be joined with itself', async () => {
  const pairs = memos.join(memos, { condition: (left, right) => left.id.lt(right.id) })
  expect(await rowsOf(pairs.project({ a: _.id, b: _.id_right }))).toEqual([
    { a: 1, b: 2 },
    { a: 1, b: 3 },
    { a: 2, b: 3 },
  ])
  runner.log.length = 0
  const once = memos.withColumns({ x: _.id })
  await once.join(once, { on: 'id' }).toRows()
  expect(runner.log).toEqual(['describe scan', 'run'])
})

test('a DataFrame of the default session goes along with one of another', async () => {
  const joined = DataFrame.table('cities').join(memos, { on: 'city' })
  expect(await joined.count()).toBe(1)
})
