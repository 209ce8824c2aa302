import { beforeAll, describe, expect, it } from 'vitest'
import type { Expr } from '../../src/expr/expr.ts'
import { and, call, caseWhen, coalesce, column, literal, or, sql } from '../../src/expr/factories.ts'
import { optimize } from '../../src/optimize/optimize.ts'
import { aggregate, filter, limit, project, sort } from '../../src/plan/factories.ts'
import { join } from '../../src/plan/join.ts'
import type { LogicalPlan, ScanPlan } from '../../src/plan/plan.ts'
import { catalogOf, PlanDatabase, type Rows, type StubFunction } from '../planDatabase.ts'

const stubs: readonly StubFunction[] = [
  {
    name: 'twice',
    inputs: ['BIGINT'],
    output: 'BIGINT',
    compute: (x) => (typeof x === 'bigint' ? x * 2n : null),
  },
  {
    name: 'strict',
    inputs: ['BIGINT'],
    output: 'BIGINT',
    compute: (x) => {
      if (typeof x !== 'bigint' || x < 5_000n) throw new Error(`strict was called for ${String(x)}`)
      return x
    },
  },
]

let database: PlanDatabase
let big: ScanPlan
let small: ScanPlan

beforeAll(async () => {
  database = await PlanDatabase.open(stubs, [
    'CREATE TABLE big AS SELECT i AS id, i % 10 AS digit, nullif(i % 2, 0) AS odd FROM range(10000) r(i)',
    'CREATE TABLE small AS SELECT i AS k FROM range(10) r(i)',
  ])
  big = await database.table('big')
  small = await database.table('small')
})

const id = column('id')
const digit = column('digit')
const odd = column('odd')
const twice = call('twice', [id])
const strict = call('strict', [id])
const compare = (left: Expr, operator: string, right: number): Expr =>
  sql(['(', ` ${operator} `, ')'], [left, literal(right)])
const isBig = compare(id, '>=', 5000)
const items = (named: Record<string, Expr>) => Object.entries(named).map(([name, expr]) => ({ name, expr }))

const called = (): LogicalPlan => project(big, items({ id, digit, x: twice }))

async function run(plan: LogicalPlan): Promise<{ readonly rows: Rows; readonly calls: number }> {
  const rows = await database.run(optimize(plan, catalogOf(stubs)).plan)
  return { rows, calls: database.calls.length }
}

describe('exactly the rows that are needed are called', () => {
  it('for LIMIT, with OFFSET and with ORDER BY', async () => {
    expect((await run(limit(called(), 100))).calls).toBe(100)
    expect((await run(limit(called(), 100, 5000))).calls).toBe(100)
    const top = limit(sort(called(), [{ expr: id, descending: true, nullsFirst: null }]), 10, 5000)
    const { rows, calls } = await run(top)
    expect(calls).toBe(10)
    expect(rows[0]).toEqual(['4999', '9', '9998'])
  })

  it('for a filter that is written after the call', async () => {
    expect((await run(filter(called(), compare(digit, '=', 3)))).calls).toBe(1000)
    const both = filter(big, and([compare(twice, '>', 100), compare(digit, '=', 3)]))
    expect((await run(both)).calls).toBe(1000)
  })

  it('for a branch of CASE, AND, OR and COALESCE', async () => {
    const isThree = compare(digit, '=', 3)
    const branch = caseWhen([{ when: isThree, result: twice }])
    expect((await run(project(big, items({ x: branch })))).calls).toBe(1000)
    const even = compare(twice, '>', 1000)
    expect((await run(project(big, items({ x: and([isThree, even]) })))).calls).toBe(1000)
    expect((await run(project(big, items({ x: or([isThree, even]) })))).calls).toBe(9000)
    expect((await run(project(big, items({ x: coalesce([odd, twice]) })))).calls).toBe(5000)
    const nested = caseWhen([{ when: isThree, result: coalesce([odd, twice]) }], odd)
    expect((await run(project(big, items({ x: nested })))).calls).toBe(0)
  })

  it('for the FILTER of an aggregate', async () => {
    const total = sql(['sum(', ') FILTER (WHERE ', ')'], [twice, compare(digit, '=', 3)], {
      scope: 'aggregate',
    })
    const { rows, calls } = await run(aggregate(big, [], items({ total })))
    expect(calls).toBe(1000)
    expect(rows).toEqual([['9996000']])
  })

  it('once for what WHERE, SELECT and ORDER BY have in common', async () => {
    const chosen = filter(big, compare(twice, '<', 100))
    const plan = sort(project(chosen, items({ x: twice, y: sql(['(', ' + 1)'], [twice]) })), [
      { expr: column('x'), descending: true, nullsFirst: null },
    ])
    const { rows, calls } = await run(plan)
    expect(calls).toBe(10_000)
    expect(rows[0]).toEqual(['98', '99'])
  })

  it('once for a row that both a branch of WHERE and SELECT need', async () => {
    const chosen = filter(big, or([compare(digit, '=', 3), compare(twice, '<', 100)]))
    const { rows, calls } = await run(project(chosen, items({ x: twice })))
    expect(rows).toHaveLength(1045)
    expect(calls).toBe(10_000)
    expect(new Set(database.calls.map(([, arg]) => arg)).size).toBe(10_000)
  })

  it('for constant arguments', async () => {
    expect((await run(project(big, items({ x: call('twice', [literal(3)]) })))).calls).toBe(1)
  })

  it('none if nobody reads the result', async () => {
    const count = sql(['count(*)'], [], { scope: 'aggregate' })
    expect(await run(aggregate(called(), [], items({ count })))).toEqual({ rows: [['10000']], calls: 0 })
    expect((await run(project(called(), items({ id })))).calls).toBe(0)
  })

  it('on the side of a join that an argument reads, not for pairs', async () => {
    const on = and([
      sql(['(', ' = ', ')'], [digit, column('k')]),
      compare(call('twice', [column('k')]), '<', 4),
    ])
    const { rows, calls } = await run(join({ type: 'inner', left: big, right: small, on }))
    expect([rows.length, calls]).toEqual([2000, 10])
  })
})

describe('a row that plain evaluation does not reach raises no error', () => {
  it('in CASE, AND, OR, COALESCE, FILTER and WHERE', async () => {
    const bound = sql(['CASE WHEN ', ' THEN ', ' END'], [isBig, id])
    const conditions: readonly Expr[] = [
      caseWhen([{ when: isBig, result: strict }]),
      and([isBig, compare(strict, '>', 0)]),
      or([compare(id, '<', 5000), compare(strict, '>', 0)]),
      coalesce([sql(['CASE WHEN ', ' THEN 1 END'], [compare(id, '<', 5000)]), strict]),
      caseWhen([{ when: and([isBig, compare(strict, '>', 6000)]), result: call('strict', [strict]) }], bound),
    ]
    for (const expr of conditions) {
      const { calls } = await run(project(big, items({ x: expr })))
      expect(calls).toBeGreaterThanOrEqual(5000)
    }
    expect((await run(filter(filter(big, isBig), compare(strict, '>', 9000)))).rows).toHaveLength(999)
    expect((await run(filter(big, and([isBig, compare(strict, '>', 9000)])))).rows).toHaveLength(999)
    const total = sql(['max(', ') FILTER (WHERE ', ')'], [strict, isBig], { scope: 'aggregate' })
    expect((await run(aggregate(big, [], items({ total })))).rows).toEqual([['9999']])
  })

  it('in arguments and conditions that DuckDB itself cannot compute for all rows', async () => {
    const failing = sql(
      ["CAST(CASE WHEN id < 5000 THEN 'no number' ELSE CAST(", ' AS VARCHAR) END AS BIGINT)'],
      [id],
    )
    const guarded = caseWhen([
      { when: isBig, result: and([compare(failing, '>', 6000), compare(call('twice', [failing]), '>', 0)]) },
    ])
    const { rows, calls } = await run(project(big, items({ x: guarded })))
    expect(rows.filter(([x]) => x === true)).toHaveLength(3999)
    expect(calls).toBe(3999)
  })

  it('but one that it reaches does', async () => {
    await expect(run(project(big, items({ x: strict })))).rejects.toThrow('strict was called for 0')
  })
})
