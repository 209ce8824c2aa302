import { readFile } from 'node:fs/promises'
import { beforeAll, expect, test } from 'vitest'
import type { ColumnLike } from '../../dataframe/column.ts'
import { DataFrame } from '../../dataframe/dataFrame.ts'
import { snakeCase } from '../../dataframe/functionCall.ts'
import { aggregateFunctions, volatileFunctions, windowFunctions } from '../../dataframe/functionNames.ts'
import { F } from '../../dataframe/functions.ts'
import { exprOf } from '../../dataframe/operand.ts'
import { _ } from '../../dataframe/underscore.ts'
import type { SqlScope } from '../../src/expr/expr.ts'
import { formatExpr } from '../../src/expr/print.ts'
import { renderExpr } from '../../src/expr/render.ts'
import { DuckDBRunner } from './duckdbRunner.ts'
import { camelCase } from './generateFunctionNames.ts'

let runner: DuckDBRunner
let rows: DataFrame

beforeAll(async () => {
  runner = await DuckDBRunner.open()
  await runner.query(`CREATE TABLE items AS FROM (VALUES
    (1, 'a', 10, DATE '2024-01-01'), (2, 'a', 20, DATE '2024-01-03'), (3, 'b', 30, DATE '2024-01-04'), (4, 'b', NULL, DATE '2024-01-09')
  ) t(id, kind, amount, "at")`)
  rows = DataFrame.table('items', runner)
})

function textOf(column: ColumnLike): string {
  return formatExpr(exprOf(column))
}

function scopeOf(column: ColumnLike): SqlScope | null {
  const expr = exprOf(column)
  return expr.kind === 'sql' ? expr.scope : null
}

test('a name in camelCase is the function in snake_case', () => {
  expect(textOf(F.listDistinct(_.tags))).toBe('list_distinct(tags)')
  expect(textOf(F.dayofweek(_.day))).toBe('dayofweek(day)')
  expect(textOf(F.regrR2(_.x, _.y))).toBe('regr_r2(x, y)')
  expect(textOf(F.atan2(1, _.x))).toBe('atan2(1, x)')
  expect(textOf(F.call('my_macro', _.x, 'text'))).toBe("my_macro(x, 'text')")
  expect(textOf(F.call('archive.My Macro'))).toBe('archive."My Macro"()')
})

test('each name that F completes is that of a function, and is callable as it is written', async () => {
  const source = await readFile(new URL('../../dataframe/functionNames.ts', import.meta.url), 'utf8')
  const names = [...source.matchAll(/\| '(\w+)'/g)].map(([, name = '']) => name)
  expect(names.length).toBeGreaterThan(500)
  const problems: string[] = []
  for (const name of names) {
    if (camelCase(snakeCase(name)) !== name) problems.push(`${name}: no round trip`)
    const over = windowFunctions.has(snakeCase(name)) ? { over: true } : {}
    const call = F.call(snakeCase(name), 1, 2, 3)
    const text = renderExpr(exprOf('over' in over ? call.over() : call))
    await runner.query(`SELECT ${text} WHERE false`).catch((error: unknown) => {
      if (/syntax error|does not exist/.test(String(error))) problems.push(`${text}: ${String(error)}`)
    })
  }
  expect(problems).toEqual([])
})

test('functions are known as aggregates and as volatile by their names', () => {
  expect(scopeOf(F.sum(_.x))).toBe('aggregate')
  expect(scopeOf(F.call('SUM', _.x))).toBe('aggregate')
  expect(scopeOf(F.geomean(_.x))).toBe('aggregate')
  expect(scopeOf(F.sum(_.x).over())).toBe('window')
  expect(scopeOf(F.rowNumber().over())).toBe('window')
  expect(scopeOf(F.listSum(_.x))).toBe('row')
  expect(scopeOf(F.sum(_.x).plus(1))).toBe('row')
  expect(exprOf(F.random())).toMatchObject({ volatile: true })
  expect(exprOf(F.random().plus(1))).toMatchObject({ volatile: true })
  expect(exprOf(F.upper(_.x))).toMatchObject({ volatile: false })
  for (const name of windowFunctions) expect(aggregateFunctions).not.toContain(name)
  for (const name of volatileFunctions) expect(aggregateFunctions).not.toContain(name)
})

test('aggregates', async () => {
  const aggregates = {
    n: F.count(),
    known: F.count(_.amount),
    kinds: F.countDistinct(_.kind),
    total: F.sum(_.amount),
    mean: F.mean(_.amount),
    large: F.sum(_.amount).filterWhere(_.amount.gt(10)),
    ids: F.list(_.id).orderedBy(_.id.desc()),
    texts: F.stringAgg(_.kind, '+').distinct().orderedBy('kind'),
    first: F.first(_.id).orderedBy(_.amount.desc().nullsLast()),
    any: F.any(_.amount.gt(25)),
    all: F.all(_.id.gt(0)),
    ratio: F.sum(_.amount).dividedBy(F.count()),
  }
  expect(Object.values(aggregates).map(textOf)).toEqual([
    'count()',
    'count(amount)',
    'count(DISTINCT kind)',
    'sum(amount)',
    'mean(amount)',
    'sum(amount) FILTER (WHERE (amount > 10))',
    'list(id ORDER BY id DESC)',
    "string_agg(DISTINCT kind, '+' ORDER BY kind)",
    'first(id ORDER BY amount DESC NULLS LAST)',
    'bool_or((amount > 25))',
    'bool_and((id > 0))',
    '(sum(amount) / count())',
  ])
  expect(await rows.agg(aggregates).toRows()).toEqual([
    {
      n: 4n,
      known: 3n,
      kinds: 2n,
      total: 60n,
      mean: 20,
      large: 50n,
      ids: [4, 3, 2, 1],
      texts: 'a+b',
      first: 3,
      any: true,
      all: true,
      ratio: 15,
    },
  ])
})

test('window functions', async () => {
  const windows = {
    row: F.rowNumber().over({ orderBy: _.id.desc() }),
    rank: F.rank().over({ partitionBy: 'kind', orderBy: 'id' }),
    before: F.lag(_.id, 1, 0).over({ orderBy: ['id'] }),
    running: F.sum(_.amount).over({ orderBy: 'id', frame: { rows: [-Infinity, 0] } }),
    near: F.count().over({ orderBy: 'id', frame: { rows: [-1, 1] } }),
    week: F.count().over({ orderBy: _.at, frame: { range: [{ days: -2 }, 0] } }),
    share: _.amount.dividedBy(F.sum(_.amount).over({ partitionBy: [_.kind] })),
    rest: F.sum(_.id)
      .filterWhere(_.kind.eq('b'))
      .over({ orderBy: 'id', frame: { groups: [1, Infinity] } }),
  }
  expect(Object.values(windows).map(textOf)).toEqual([
    'row_number() OVER (ORDER BY id DESC)',
    'rank() OVER (PARTITION BY kind ORDER BY id)',
    'lag(id, 1, 0) OVER (ORDER BY id)',
    'sum(amount) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
    'count() OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)',
    "count() OVER (ORDER BY at RANGE BETWEEN INTERVAL '2 days' PRECEDING AND CURRENT ROW)",
    '(amount / sum(amount) OVER (PARTITION BY kind))',
    "sum(id) FILTER (WHERE (kind = 'b')) OVER (ORDER BY id GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)",
  ])
  expect(await rows.window(windows).orderBy('id').drop('kind', 'amount', 'at').toRows()).toEqual([
    { id: 1, row: 4n, rank: 1n, before: 0, running: 10n, near: 2n, week: 1n, share: 1 / 3, rest: 7n },
    { id: 2, row: 3n, rank: 2n, before: 1, running: 30n, near: 3n, week: 2n, share: 2 / 3, rest: 7n },
    { id: 3, row: 2n, rank: 1n, before: 2, running: 60n, near: 3n, week: 2n, share: 1, rest: 4n },
    { id: 4, row: 1n, rank: 2n, before: 3, running: 60n, near: 2n, week: 1n, share: null, rest: null },
  ])
})

test('functions over lists take JavaScript functions', async () => {
  const nested = F.listTransform([1, 2], (x) =>
    F.listReduce([1, 2, 3], (sum, y) => sum.plus(x.times(y))).plus(_.id),
  )
  expect(textOf(nested)).toBe(
    'list_transform([1, 2], lambda _x1: (list_reduce([1, 2, 3], lambda _x2, _y2: (_x2 + (_x1 * _y2))) + id))',
  )
  expect(await rows.filter(_.id.eq(4)).project({ nested }).toRows()).toEqual([{ nested: [10, 15] }])
})

test('text within a lambda is parsed with its parameters in its holes', async () => {
  runner.log.length = 0
  const column = F.listTransform([1, 2], (x) => F.sql`${x} + ${F.sql('id')}`)
  expect(await rows.filter(_.id.eq(4)).project({ found: column }).toRows()).toEqual([{ found: [5, 6] }])
  expect(runner.log).toEqual(['parse (id)', 'parse ("callplane hole 0" + "callplane hole 1")', 'run'])
})

test('a catalog call within a lambda stays there: its parameters are known nowhere else', () => {
  const body = exprOf(F.listTransform(_.memos, (memo) => F.catalogCall('score', memo)))
  expect(body).toMatchObject({
    args: [{ kind: 'column' }, { kind: 'call', args: [{ kind: 'sql', scope: 'query' }] }],
  })
  const without = exprOf(F.listTransform(_.memos, (memo) => memo.upper()))
  expect(without).toMatchObject({ scope: 'row', args: [{ kind: 'column', name: 'memos' }] })
})

test('catalog calls', () => {
  expect(exprOf(F.catalogCall('extract_entities', _.memo, 'de'))).toEqual({
    kind: 'call',
    function: 'extract_entities',
    args: [
      { kind: 'column', name: 'memo' },
      { kind: 'literal', value: 'de', type: null },
    ],
    metadata: null,
    options: null,
    outcome: 'value',
    site: null,
    position: null,
  })
  const call = F.catalogCall('extract_entities', _.memo).withMetadata({ language: 'de', account: _.id })
  expect(exprOf(call)).toMatchObject({
    metadata: { kind: 'sql', parts: ["{'language': ", ", 'account': ", '}'], scope: 'row' },
  })
})

test('F and columns are neither promises nor modules', async () => {
  expect(await Promise.resolve(F)).toBe(F)
  expect(await Promise.resolve(F.col('amount'))).toBeTruthy()
  expect(Object.keys(F)).toEqual([])
  expect(JSON.stringify({ column: _.amount })).toBe('{"column":{}}')
})
