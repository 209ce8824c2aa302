import { describe, expect, it } from 'vitest'
import { defaultBatching } from '../../catalog/policy/policies.ts'
import type { Schema } from '../../src/base/dataType.ts'
import { parseType } from '../../src/base/parseType.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { and, call, caseWhen, column, literal, or, sql } from '../../src/expr/factories.ts'
import { optimize } from '../../src/optimize/optimize.ts'
import {
  aggregate,
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
} from '../../src/plan/factories.ts'
import { join } from '../../src/plan/join.ts'
import type { LogicalPlan } from '../../src/plan/plan.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { catalogOf, type StubFunction } from '../planDatabase.ts'
import { generatorStubs } from '../planGenerator.ts'

const schemaOf = (columns: Record<string, string>): Schema =>
  Object.entries(columns).map(([name, type]) => ({ name, type: parseType(type) }))
const t = scan(
  { kind: 'table', name: ['t'] },
  schemaOf({ a: 'BIGINT', b: 'BIGINT', c: 'VARCHAR', d: 'BOOLEAN', e: 'BIGINT[]' }),
)
const u = scan({ kind: 'table', name: ['u'] }, schemaOf({ k: 'BIGINT', l: 'VARCHAR' }))
const a = column('a')
const b = column('b')
const c = column('c')
const d = column('d')
const e = column('e')
const x = column('x')
const k = column('k')
const random = sql(['random()'], [], { volatile: true })
const items = (named: Record<string, Expr>) => Object.entries(named).map(([name, expr]) => ({ name, expr }))
const compare = (left: Expr, operator: string, right: Expr): Expr =>
  sql(['(', ` ${operator} `, ')'], [left, right])
const above = (expr: Expr, bound: number): Expr => compare(expr, '>', literal(bound))
const up = (expr: Expr) => ({ expr, descending: false, nullsFirst: null })
const inc = (arg: Expr): Expr => call('inc', [arg])
const even = (arg: Expr): Expr => call('even', [arg])
const dice = (arg: Expr): Expr => call('dice', [arg])

const stub = (name: string, signature: StubFunction['signature']): StubFunction => ({
  name,
  inputs: ['BIGINT'],
  output: 'BOOLEAN',
  compute: () => true,
  signature: signature ?? {},
})

function optimized(plan: LogicalPlan, stubs: readonly StubFunction[] = generatorStubs): string {
  return `\n${formatPlan(optimize(plan, catalogOf(stubs)).plan)}\n`
}

describe('filters below calls', () => {
  const withX = project(t, items({ a, b, d, x: inc(a) }))

  it('sink through renames, sorts, projections, distinct and groups', () => {
    const renamed = project(withX, items({ size: a, next: sql(['(', ' + 1)'], [b]), x }))
    const sorted = sort(renamed, [up(column('x'))])
    expect(optimized(filter(sorted, above(column('next'), 2)))).toBe(`
sort x
  project size = a, next = (b + 1), x = __call_0
    call __call_0 = inc(a)
      filter ((b + 1) > 2)
        scan table t [a, b]
`)
    const counted = aggregate(
      distinct(withX),
      items({ key: b }),
      items({ n: sql(['max(', ')'], [x], { scope: 'aggregate' }) }),
    )
    expect(optimized(filter(counted, above(column('key'), 2)))).toBe(`
aggregate n = max(x) by key = b
  distinct
    project a, b, d, x = __call_0
      call __call_0 = inc(a)
        filter (b > 2)
          scan table t [a, b, d]
`)
  })

  it('go into both inputs of a union, and into the side of a join that keeps its rows', () => {
    const other = project(u, items({ a: k, b: k, d: literal(true), x: k }))
    expect(optimized(filter(union([withX, other]), above(b, 2)))).toBe(`
union
  project a, b, d, x = __call_0
    call __call_0 = inc(a)
      filter (b > 2)
        scan table t [a, b, d]
  filter (b > 2)
    project a = k, b = k, d = true, x = k
      scan table u [k]
`)
    const joined = join({ type: 'left', left: withX, right: u, on: compare(a, '=', k) })
    expect(optimized(filter(joined, and([above(b, 2), above(k, 3)])))).toBe(`
filter (k > 3)
  left join on (a = k)
    project a, b, d, x = __call_0
      call __call_0 = inc(a)
        filter (b > 2)
          scan table t [a, b, d]
    scan table u
`)
  })

  it('stay over samples and windows, and if they are volatile', () => {
    const window = project(withX, items({ a, x, w: sql(['count(*) OVER ()'], [], { scope: 'window' }) }))
    const stays: readonly LogicalPlan[] = [
      filter(sample(withX, { rows: 3 }), d),
      filter(window, above(a, 1)),
      filter(withX, compare(random, '<', a)),
      filter(withX, above(sql(['(SELECT count(*) FROM u WHERE k < ', ')'], [a], { scope: 'query' }), 1)),
    ]
    for (const plan of stays) expect(optimized(plan)).toMatch(/filter[^]*call __call_0/)
  })

  it('that may fail do not overtake a filter', () => {
    const parsed = above(sql(['CAST(', ' AS INTEGER)'], [c]), 2)
    const guarded = filter(filter(t, call('long', [c])), parsed)
    expect(optimized(guarded)).toBe(`
project a, b, c, d, e
  filter (CAST(c AS INTEGER) > 2)
    filter __call_0
      call __call_0 = long(c)
        scan table t
`)
  })
})

describe('LIMIT below calls', () => {
  const withX = project(t, items({ a, b, x: inc(a) }))

  it('with its offset, and with an order that does not depend on the call', () => {
    expect(optimized(limit(withX, null, 5))).toBe(`
project a, b, x = __call_0
  call __call_0 = inc(a)
    offset 5
      scan table t [a, b]
`)
    expect(optimized(limit(sort(filter(withX, above(b, 0)), [up(sql(['(-', ')'], [b]))]), 3, 1))).toBe(`
project a, b, x = __call_0
  call __call_0 = inc(a)
    limit 3 offset 1
      sort (-b)
        filter (b > 0)
          scan table t [a, b]
`)
  })

  it('not with an order by its result, nor below conditions on it', () => {
    expect(optimized(limit(sort(withX, [up(x)]), 3))).toMatch(/limit[^]*call/)
    expect(optimized(limit(filter(withX, above(x, 3)), 3))).toMatch(/limit[^]*call/)
    expect(optimized(limit(sort(withX, [up(random)]), 3))).toMatch(/limit[^]*call/)
  })
})

describe('equal calls', () => {
  it('of WHERE, SELECT and ORDER BY are made once', () => {
    const plan = sort(project(filter(t, above(inc(a), 3)), items({ x: inc(a), y: inc(inc(a)) })), [up(x)])
    expect(optimized(plan)).toBe(`
project x = __call_0, y = __call_3
  sort __call_0
    call __call_3 = inc(__call_0)
      filter (__call_0 > 3)
        call __call_0 = inc(a)
          scan table t [a]
`)
  })

  it('in two branches are made for the rows of either', () => {
    const branches = [
      { when: d, result: inc(a) },
      { when: above(b, 2), result: sql(['(', ' + 1)'], [inc(a)]) },
    ]
    expect(optimized(project(t, items({ y: caseWhen(branches) })))).toBe(`
project y = CASE WHEN d THEN __call_0 WHEN (b > 2) THEN (__call_0 + 1) END
  call __call_0 = inc(a) where (d OR CASE WHEN (d IS NOT TRUE) THEN (b > 2) END)
    scan table t [a, b, d]
`)
  })

  it('behind a filter are made only for what the filter did not call', () => {
    const condition = or([d, above(inc(a), 5)])
    expect(optimized(project(filter(t, condition), items({ x: inc(a) })))).toBe(`
project x = CASE WHEN (d IS NOT TRUE) THEN __call_0 ELSE __call_2 END
  call __call_2 = inc(a) where ((d IS NOT TRUE) IS NOT TRUE)
    filter (d OR (__call_0 > 5))
      call __call_0 = inc(a) where (d IS NOT TRUE)
        scan table t [a, d]
`)
  })

  it('reach through joins, renames and lists', () => {
    const renamed = project(t, items({ size: a, e, x: inc(a) }))
    const joined = join({
      type: 'left',
      left: explode(renamed, 'e'),
      right: u,
      on: compare(column('size'), '=', k),
    })
    expect(optimized(project(joined, items({ y: inc(column('size')), k })))).toBe(`
project y = x, k
  left join on (size = k)
    explode e
      project size = a, e, x = __call_0
        call __call_0 = inc(a)
          scan table t [a, e]
    scan table u [k]
`)
  })

  it('are made apart if the function or an argument is volatile, or over other rows', () => {
    const counts: readonly (readonly [LogicalPlan, number])[] = [
      [project(t, items({ x: inc(a), y: inc(a) })), 1],
      [project(t, items({ x: dice(a), y: dice(a) })), 2],
      [project(t, items({ x: inc(random), y: inc(random) })), 2],
      [
        project(
          join({
            type: 'right',
            left: project(t, items({ a, x: inc(a) })),
            right: u,
            on: compare(a, '=', k),
          }),
          items({ x, y: inc(a) }),
        ),
        2,
      ],
      [project(distinct(project(t, items({ a, x: inc(a) }))), items({ x, y: inc(a) })), 2],
      [project(t, items({ x: call('mix', [a, b]), y: call('mix', [b, a]) })), 2],
    ]
    for (const [plan, count] of counts) expect(optimized(plan).match(/call /g)).toHaveLength(count)
  })
})

describe('what is not used', () => {
  it('is not called, grouped or scanned', () => {
    const wide = project(t, items({ a, b, x: inc(a), y: dice(b) }))
    const counted = aggregate(wide, [], items({ n: sql(['count(*)'], [], { scope: 'aggregate' }) }))
    expect(optimized(counted)).toBe(`
aggregate n = count(*)
  project a = true
    scan table t [d]
`)
    const total = sql(['sum(', ')'], [x], { scope: 'aggregate' })
    expect(optimized(project(aggregate(wide, items({ b }), items({ total })), items({ b })))).toBe(`
aggregate by b
  scan table t [b]
`)
    expect(optimized(project(aggregate(wide, [], items({ total })), items({ one: literal(1) })))).toBe(`
project one = 1
  aggregate total = count(*)
    project a = true
      scan table t [d]
`)
  })

  it('is dropped at the same place in each input of a union', () => {
    const one = project(t, items({ a, b, x: inc(a) }))
    const two = filter(project(u, items({ p: k, q: k, r: k })), above(column('q'), 1))
    expect(optimized(project(union([one, two]), items({ a })))).toBe(`
union
  scan table t [a]
  project p
    filter (q > 1)
      project p = k, q = k
        scan table u [k]
`)
    expect(optimized(project(union([one, project(t, items({ x: b, b, a }))], true), items({ a })))).toBe(`
union by name
  scan table t [a]
  scan table t [a]
`)
  })

  it('is kept where all columns count: in distinct rows, in statements, and for text that may name them', () => {
    const wide = project(t, items({ a, x: inc(a) }))
    const statement = opaque(['SELECT a FROM ', ' AS o'], [wide], schemaOf({ a: 'BIGINT' }))
    const named = project(wide, items({ y: sql(['(SELECT x)'], [], { scope: 'query' }) }))
    for (const plan of [project(distinct(wide), items({ a })), statement, named]) {
      expect(optimized(plan)).toContain('call __call_0 = inc(a)')
    }
  })
})

describe('the order of conditions', () => {
  const stubs = [
    stub('plain', {}),
    stub('waiting', { async: true }),
    stub('batched', { batching: defaultBatching }),
    stub('rare', { selectivity: 0.01 }),
    stub('common', { selectivity: 1 }),
    stub('costly', { costPerRow: 100 }),
    stub('volatile', { volatility: 'volatile' }),
  ]
  const ordered = (...conditions: readonly (string | Expr)[]): string[] => {
    const predicates = conditions.map((each) => (typeof each === 'string' ? call(each, [a]) : each))
    const text = optimized(filter(t, and(predicates)), stubs)
    return [...text.matchAll(/= (\w+)\(/g)].map(([, name]) => name ?? '').toReversed()
  }

  it('is that of cost over what is dropped', () => {
    expect(ordered('waiting', 'common', 'batched', 'costly', 'plain', 'rare')).toEqual([
      'rare',
      'plain',
      'costly',
      'waiting',
      'batched',
      'common',
    ])
  })

  it('is as written among equals and where a function is volatile', () => {
    expect(ordered('waiting', 'volatile', 'plain')).toEqual(['waiting', 'volatile', 'plain'])
    expect(ordered('batched', 'waiting')).toEqual(['batched', 'waiting'])
  })

  it('brings the calls that a condition needs, and leaves the others for last', () => {
    const plan = project(
      filter(t, and([call('waiting', [a]), call('plain', [inc(inc(b))])])),
      items({ z: inc(b), y: inc(c) }),
    )
    expect(optimized(plan, [...stubs, ...generatorStubs])).toBe(`
project z = __call_1, y = __call_5
  call __call_5 = inc(c)
    filter __call_0
      call __call_0 = waiting(a)
        filter __call_3
          call __call_3 = plain(__call_2)
            call __call_2 = inc(__call_1)
              call __call_1 = inc(b)
                scan table t [a, b, c]
`)
  })
})

describe('constant arguments', () => {
  it('are called once, unless something is volatile', () => {
    const calls = items({
      p: inc(literal(3)),
      q: inc(sql(['(1 + ', ')'], [literal(2)])),
      r: dice(literal(1)),
      s: inc(random),
    })
    expect(optimized(project(t, calls))).toBe(`
project p = __call_0, q = __call_1, r = __call_2, s = __call_3
  call __call_3 = inc(random())
    call __call_2 = dice(1)
      call __call_1 = inc((1 + 2)) once
        call __call_0 = inc(3) once
          scan table t [d]
`)
  })
})

describe('optimize', () => {
  it('says which rules changed what', () => {
    const plan = project(filter(t, and([even(a), d])), items({ a }))
    const { plan: after, trace } = optimize(plan, catalogOf(generatorStubs))
    expect(trace.map(({ batch, pass, rule }) => `${batch} ${pass} ${rule}`)).toEqual([
      'lift 1 liftCalls',
      'arrange 1 mergeProjections',
      'arrange 1 pruneUnused',
    ])
    expect(trace.at(-1)?.plan).toBe(after)
  })

  it('gives back a plan without calls, but for columns that nobody reads', () => {
    const plan = limit(sort(filter(t, above(a, 3)), [up(a)]), 3)
    expect(optimize(plan, catalogOf([])).plan).toBe(plan)
    expect(
      optimized(
        aggregate(filter(t, above(a, 3)), [], items({ n: sql(['max(', ')'], [b], { scope: 'aggregate' }) })),
      ),
    ).toBe(`
aggregate n = max(b)
  filter (a > 3)
    scan table t [a, b]
`)
  })
})
