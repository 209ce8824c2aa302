import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Expr } from '../src/expr/expr.ts'
import { and, call, caseWhen, column, literal, sql } from '../src/expr/factories.ts'
import { mapPlanInputs } from '../src/plan/children.ts'
import {
  aggregate,
  callProject,
  distinct,
  explode,
  filter,
  limit,
  opaque,
  project,
  sample,
  scan,
  sort,
  union,
} from '../src/plan/factories.ts'
import { join } from '../src/plan/join.ts'
import type { JoinType, LogicalPlan, ScanPlan } from '../src/plan/plan.ts'
import { formatPlan } from '../src/plan/print.ts'
import { renderPlan } from '../src/plan/render.ts'
import { PlanDatabase, type Rows, sorted, validSql } from './planDatabase.ts'
import { generatedTables, generatorStubs, generatorTables, PlanGenerator } from './planGenerator.ts'
import { repeats } from './repeats.ts'

let database: PlanDatabase
let t: ScanPlan
let u: ScanPlan
let nothing: ScanPlan

beforeAll(async () => {
  database = await PlanDatabase.open(generatorStubs, generatorTables)
  t = await database.table('t')
  u = await database.table('u')
  nothing = await database.table('nothing')
})

const a = column('a')
const b = column('b')
const c = column('c')
const plus1 = (expr: Expr): Expr => sql(['(', ' + 1)'], [expr])
const above = (expr: Expr, bound: number): Expr => sql(['(', ' > ', ')'], [expr, literal(bound)])
const up = (expr: Expr) => ({ expr, descending: false, nullsFirst: null })
const down = (expr: Expr) => ({ expr, descending: true, nullsFirst: null })
const equal = (left: string, right: string): Expr => sql(['(', ' = ', ')'], [column(left), column(right)])
const items = (named: Record<string, Expr>) => Object.entries(named).map(([name, expr]) => ({ name, expr }))
const rowsOfA = async (plan: LogicalPlan) => (await database.run(plan)).map((row) => row[0])

describe('one SELECT', () => {
  it('takes filter, projection, sort and limit', async () => {
    const plan = limit(sort(project(filter(t, above(a, 2)), items({ a, next: plus1(b) })), [down(a)]), 3, 1)
    expect(await validSql(database, plan)).toBe(
      'SELECT "a", ("b" + 1) AS "next" FROM "t" WHERE ("a" > 2) ORDER BY "a" DESC LIMIT 3 OFFSET 1',
    )
    expect(await rowsOfA(plan)).toEqual(['7', '6', '5'])
  })

  it('lists the columns', async () => {
    expect(await validSql(database, t)).toBe('SELECT "a", "b", "c", "d", "e" FROM "t"')
    expect(await validSql(database, scan(t.source, t.schema, ['c', 'a']))).toBe('SELECT "c", "a" FROM "t"')
    expect(await validSql(database, scan(t.source))).toBe('SELECT * FROM "t"')
  })

  it('takes several calls that do not build on each other', async () => {
    const first = callProject(filter(t, above(a, 6)), { name: 'x', function: 'inc', args: [a] })
    const both = callProject(first, { name: 'y', function: 'mix', args: [a, b], guard: above(b, 0) })
    expect(await validSql(database, both)).toBe(
      'SELECT "a", "b", "c", "d", "e", "inc@placed"("a") AS "x", ' +
        'CASE WHEN ("b" > 0) THEN "mix@placed"("a", "b") END AS "y" FROM "t" WHERE ("a" > 6)',
    )
    await database.run(both)
    expect(database.calls).toEqual([
      ['inc', 7n],
      ['inc', 8n],
      ['mix', 7n, 1n],
    ])
    const onTop = callProject(first, { name: 'y', function: 'inc', args: [column('x')] })
    expect(await validSql(database, onTop)).toBe(
      'SELECT "a", "b", "c", "d", "e", "x", "inc@placed"("x") AS "y" FROM ' +
        '(SELECT "a", "b", "c", "d", "e", "inc@placed"("a") AS "x" FROM "t" WHERE ("a" > 6))',
    )
  })

  it('makes a call with constant arguments once', async () => {
    const plan = callProject(t, {
      name: 'x',
      function: 'inc',
      args: [literal(3)],
      guard: above(a, 6),
      once: true,
    })
    expect(await database.run(project(plan, items({ x: column('x') })))).toHaveLength(9)
    expect(database.calls).toEqual([['inc', 3n]])
  })

  it('writes calls in place and calls of the plan by different names', () => {
    const plan = callProject(filter(u, call('even', [column('k')])), {
      name: 'x',
      function: 'inc',
      args: [column('k')],
    })
    const sqlText = renderPlan(plan, {
      callName: (name) => `${name}@1`,
      callNameInPlace: (name) => `${name}@2`,
    })
    expect(sqlText).toBe('SELECT "k", "l", "inc@1"("k") AS "x" FROM "u" WHERE "even@2"("k")')
  })
})

describe('names', () => {
  it('that a projection gives away do not catch those below it', async () => {
    const swapped = project(t, items({ a: b, b: a }))
    const sortedBelow = project(sort(t, [down(a)]), items({ a: b, b: a }))
    const filtered = limit(
      sort(filter(swapped, above(column('b'), 2)), [up(column('a')), down(column('b'))]),
      2,
    )
    for (const plan of [swapped, sortedBelow, filtered, sort(swapped, [up(column('a')), up(column('b'))])]) {
      await validSql(database, plan)
      expect(await database.run(plan)).toEqual(await database.stepByStep(plan))
    }
  })

  it('within a subquery are those of the plan, even if the subquery has columns of the same name', async () => {
    const count = sql(['(SELECT count(*) FROM u WHERE u.k < ', ')'], [column('k')], { scope: 'query' })
    const plans = [
      project(u, items({ k: column('k'), count })),
      filter(u, sql(['(', ' > 1)'], [count])),
      sort(u, [up(count), up(column('k'))]),
      distinct(u, [count]),
      project(join({ type: 'cross', left: u, right: t }), items({ count })),
    ]
    for (const plan of plans) await validSql(database, plan)
    expect((await database.run(plans.at(0)!)).map((row) => row[1])).toEqual(['0', '2', '0', '1', '3'])
    expect(await rowsOfA(plans.at(1)!)).toEqual(['2', '3'])
  })

  it('that differ in case only are one', async () => {
    const swapped = project(t, items({ A: b, x: a }))
    const plan = sort(swapped, [up(column('a')), up(column('x'))])
    expect(await database.run(plan)).toEqual(await database.stepByStep(plan))
  })

  it('may be keywords and hold quotes', async () => {
    const plan = filter(project(t, items({ 'select "x"': a, from: b })), above(column('select "x"'), 6))
    await validSql(database, plan)
    expect(await rowsOfA(plan)).toEqual(['7', '8'])
  })
})

describe('constants', () => {
  it('are no places in a list of grouping or sort keys', async () => {
    const grouped = aggregate(
      t,
      items({ one: literal(2), b }),
      items({ n: sql(['count(*)'], [], { scope: 'aggregate' }) }),
    )
    expect(await validSql(database, grouped)).toBe(
      'SELECT 2 AS "one", "b", count(*) AS "n" FROM "t" GROUP BY 1, 2',
    )
    expect(sorted(await database.run(grouped))).toEqual(['[2,"0","3"]', '[2,"1","3"]', '[2,null,"3"]'])
    expect(await rowsOfA(limit(sort(t, [up(literal(2)), down(a)]), 1))).toEqual(['8'])
    expect(await validSql(database, sort(u, [up(literal(2))]))).toBe('SELECT "k", "l" FROM "u"')
  })
})

describe('aggregates', () => {
  const total = sql(['sum(', ')'], [a], { scope: 'aggregate' })

  it('group by keys, by grouping sets or all rows', async () => {
    const all = aggregate(filter(t, above(a, 3)), [], items({ total }))
    expect(await validSql(database, all)).toBe('SELECT sum("a") AS "total" FROM "t" WHERE ("a" > 3)')
    expect(await database.run(filter(all, above(column('total'), 0)))).toEqual([['30']])
    const sets = aggregate(t, items({ b, d: column('d') }), items({ total }), [[0], [0, 1], []])
    expect(await validSql(database, sets)).toBe(
      'SELECT "b", "d", sum("a") AS "total" FROM "t" GROUP BY GROUPING SETS ((1), (1, 2), ())',
    )
    const reordered = project(aggregate(t, items({ b }), items({ total })), items({ total: column('total') }))
    await validSql(database, reordered)
    expect(sorted(await database.run(reordered))).toEqual(['["12"]', '["15"]', '["9"]'])
    const keysOnly = aggregate(t, items({ b }), [])
    expect(await validSql(database, keysOnly)).toBe('SELECT "b" FROM "t" GROUP BY 1')
    expect(sorted(await database.run(limit(sort(keysOnly, [up(b)]), 2)))).toEqual(['["0"]', '["1"]'])
  })

  it('see rows in the order in which they come', async () => {
    const listed = sql(['list(', ')'], [a], { scope: 'aggregate' })
    const plan = aggregate(limit(sort(t, [down(a)]), 3), [], items({ listed }))
    expect(await database.run(plan)).toEqual([[['8', '7', '6']]])
  })
})

describe('joins', () => {
  const types: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti']

  it.each(types)('%s: on a condition, using columns, and both', async (type) => {
    const renamed = project(u, items({ a: column('k'), l: column('l') }))
    const further = sql(['(', ' <> ', ')'], [c, column('l')])
    const plans = [
      join({ type, left: t, right: u, on: equal('a', 'k') }),
      join({ type, left: t, right: renamed, using: ['a'] }),
      join({ type, left: t, right: renamed, using: ['a'], on: further }),
    ]
    for (const plan of plans) {
      await validSql(database, plan)
      const narrow = project(filter(plan, sql(['(', ' IS NOT NULL)'], [a])), items({ a, twice: plus1(a) }))
      await validSql(database, narrow)
      expect(sorted(await database.run(narrow))).toEqual(sorted(await database.stepByStep(narrow)))
    }
    const usingRows = await database.run(plans.at(1)!)
    const expected = await database.rows(
      `SELECT * FROM t ${type} JOIN (SELECT k AS a, l FROM u) AS r USING (a)`,
    )
    expect(sorted(usingRows)).toEqual(sorted(expected))
  })

  it('write each column with its side, even if a source holds more than is read', async () => {
    const right = scan(t.source, t.schema, ['e'])
    const left = scan(t.source, t.schema, ['a', 'c'])
    const plan = filter(join({ type: 'cross', left, right }), above(a, 7))
    expect(await validSql(database, plan)).toBe(
      'SELECT __left."a" AS "a", __left."c" AS "c", __right."e" AS "e" FROM "t" AS __left CROSS JOIN "t" AS __right ' +
        'WHERE (__left."a" > 7)',
    )
  })

  it('asof takes the nearest row', async () => {
    const plan = join({ type: 'asof', left: t, right: u, on: sql(['(', ' >= ', ')'], [a, column('k')]) })
    await validSql(database, plan)
    expect(sorted(await database.run(project(plan, items({ a, k: column('k') })))).at(-1)).toBe('["8","3"]')
  })

  it('find columns themselves while they are not known', async () => {
    const left = scan(t.source)
    const right = scan(u.source)
    const on = equal('a', 'k')
    expect(await validSql(database, join({ type: 'inner', left, right, on }))).toBe(
      'SELECT * FROM "t" AS __left JOIN "u" AS __right ON ("a" = "k")',
    )
    expect(await validSql(database, join({ type: 'left', left, right: left, using: ['a'] }))).toBe(
      'SELECT * FROM "t" AS __left LEFT JOIN "t" AS __right USING ("a")',
    )
    expect(() => renderPlan(join({ type: 'left', left, right, using: ['a'], on }))).toThrow(
      'a join by columns and by a condition is rendered before its inputs are analyzed',
    )
  })
})

describe('rows', () => {
  it('distinct on keeps the first row, in order', async () => {
    const plan = distinct(t, [b])
    await validSql(database, plan)
    expect(await rowsOfA(plan)).toEqual(['0', '1', '2'])
    expect(await rowsOfA(distinct(sort(t, [down(a)]), [b]))).toEqual(['8', '7', '6'])
    expect(await rowsOfA(distinct(sort(scan(t.source), [down(a)]), [b]))).toEqual(['8', '7', '6'])
  })

  it('explode keeps places and, if asked, empty lists', async () => {
    const lists = project(filter(t, sql(['(', ' < 4)'], [a])), items({ a, e: column('e'), c }))
    const plan = explode(lists, 'e')
    await validSql(database, plan)
    expect(await database.run(plan)).toEqual([
      ['2', '2', null],
      ['3', '3', 'zzz'],
      ['3', null, 'zzz'],
    ])
    expect((await database.run(explode(lists, 'e', true))).map((row) => row.slice(0, 2))).toEqual([
      ['0', null],
      ['1', null],
      ['2', '2'],
      ['3', '3'],
      ['3', null],
    ])
    expect(await database.run(explode(scan(t.source), 'e'))).toHaveLength(6)
  })

  it('samples keep their order', async () => {
    const many = opaque(['SELECT i FROM range(50000) r(i)'], [], [{ name: 'i', type: { kind: 'bigint' } }])
    for (const plan of [
      sample(many, { rows: 40 }, 3),
      sample(many, { fraction: 0.01 }, 3),
      sample(many, { rows: 0 }),
    ]) {
      await validSql(database, plan)
      const drawn = (await rowsOfA(plan)).map(Number)
      expect(drawn).toEqual(drawn.toSorted((x, y) => x - y))
      if (plan.kind === 'sample' && 'rows' in plan.size) expect(drawn).toHaveLength(plan.size.rows)
      else expect(drawn.length).toBeGreaterThan(300)
    }
  })

  it('unions keep the order of their inputs', async () => {
    const top = limit(sort(t, [down(a)]), 2)
    const plan = union([top, filter(t, sql(['(', ' < 2)'], [a]))])
    await validSql(database, plan)
    expect(await rowsOfA(plan)).toEqual(['8', '7', '0', '1'])
    const byName = union(
      [project(t, items({ b, a })), project(u, items({ a: column('k'), z: column('l') }))],
      true,
    )
    await validSql(database, byName)
    expect((await database.run(byName)).at(-1)).toEqual([null, '3', 'yy'])
  })

  it('a limit over a limit stays apart, and so do rows before and after distinct', async () => {
    const plan = limit(limit(sort(t, [up(a)]), 5, 2), 10, 1)
    await validSql(database, plan)
    expect(await rowsOfA(plan)).toEqual(['3', '4', '5', '6'])
    const unique = project(distinct(project(t, items({ b, d: column('d') }))), items({ b }))
    expect(await database.run(unique)).toEqual(await database.stepByStep(unique))
    expect(await database.run(limit(distinct(limit(sort(t, [up(a)]), 1)), 5))).toHaveLength(1)
  })

  it('windows see the rows that the plan gives them', async () => {
    const counted = sql(['count(*) OVER ()'], [], { scope: 'window' })
    const numbered = sql(['row_number() OVER ()'], [], { scope: 'window' })
    const windows = items({ a, counted, numbered })
    for (const input of [limit(t, 4), filter(t, above(a, 4)), sort(t, [down(a)]), distinct(t)]) {
      const plan = project(input, input.kind === 'distinct' ? items({ counted }) : windows)
      await validSql(database, plan)
      expect(await database.run(plan)).toEqual(await database.stepByStep(plan))
    }
    const filtered = filter(project(t, windows), above(a, 4))
    expect(await database.run(filtered)).toEqual(await database.stepByStep(filtered))
  })
})

describe('sources', () => {
  it('read files with their options', () => {
    const options = { hive_partitioning: true, 'max "x"': 3, delim: "'" }
    const plan = scan({ kind: 'csv', paths: ['a.csv', "it's/*.csv"], options })
    expect(renderPlan(plan)).toBe(
      `SELECT * FROM read_csv(['a.csv', 'it''s/*.csv'], "hive_partitioning" = true, "max ""x""" = 3, "delim" = '''')`,
    )
    expect(renderPlan(scan({ kind: 'parquet', paths: ['x.parquet'], options: {} }))).toBe(
      "SELECT * FROM read_parquet(['x.parquet'])",
    )
    expect(renderPlan(scan({ kind: 'table', name: ['other "db"', 'main', 't'] }))).toBe(
      'SELECT * FROM "other ""db"""."main"."t"',
    )
  })

  it('ask for the relation of rows in memory', () => {
    const plan = filter(scan({ kind: 'memory', id: 'm1' }), above(a, 1))
    expect(renderPlan(plan, { relationFor: ({ id }) => `scratch.${id}` })).toBe(
      'SELECT * FROM scratch.m1 WHERE ("a" > 1)',
    )
    expect(() => renderPlan(plan)).toThrow('no relation is known for memory source m1')
  })

  it('put statements and their inputs in parentheses', async () => {
    const inner = opaque(['SELECT a, b FROM ', ' AS x -- the rows'], [filter(t, above(a, 5))])
    expect(renderPlan(inner)).toBe(
      'SELECT a, b FROM (SELECT "a", "b", "c", "d", "e" FROM "t" WHERE ("a" > 5)) AS x -- the rows',
    )
    const plan = limit(project(inner, items({ b })), 2)
    await validSql(database, plan)
    expect(await database.run(plan)).toEqual([['0'], ['1']])
  })
})

describe('properties', () => {
  it('a plan as one query gives what it gives operator by operator', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.boolean(), async (draw, calls) => {
        const tables = generatedTables(t, u, nothing)
        const generator = new PlanGenerator((choices) => draw(fc.nat, { max: choices - 1 }), {
          tables,
          calls,
        })
        const { plan, ordered } = generator.plan(4)
        await validSql(database, plan)
        const [whole, steps] = [await database.run(plan), await database.stepByStep(plan)]
        const show = ordered ? (rows: typeof whole) => rows.map((row) => JSON.stringify(row)) : sorted
        expect({ plan: formatPlan(plan), rows: show(whole) }).toEqual({
          plan: formatPlan(plan),
          rows: show(steps),
        })
      }),
      { numRuns: repeats(150) },
    )
  })

  it('a plan over sources whose columns are not known gives the same', async () => {
    const unknown = (plan: LogicalPlan): LogicalPlan => {
      if (plan.kind !== 'scan') return mapPlanInputs(plan, unknown)
      return opaque([`SELECT * FROM ${plan.source.kind === 'table' ? plan.source.name.join('.') : ''}`], [])
    }
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const tables = generatedTables(t, u, nothing)
        const generator = new PlanGenerator((choices) => draw(fc.nat, { max: choices - 1 }), {
          tables,
          calls: true,
        })
        const { plan, ordered } = generator.plan(4)
        fc.pre(!/join/.test(formatPlan(plan)))
        const later = unknown(plan)
        const show = ordered ? (rows: Rows) => rows.map((row) => JSON.stringify(row)) : sorted
        const expected = { plan: formatPlan(later), rows: show(await database.run(plan)) }
        expect({ plan: formatPlan(later), rows: show(await database.run(later)) }).toEqual(expected)
      }),
      { numRuns: repeats(150) },
    )
  })

  it('a guarded call sees the rows of its guard alone', async () => {
    const guard = caseWhen([{ when: above(a, 3), result: and([column('d'), above(a, 5)]) }])
    const plan = callProject(t, { name: 'x', function: 'inc', args: [a], guard })
    await database.run(plan)
    expect(database.calls).toEqual([['inc', 7n]])
  })
})
