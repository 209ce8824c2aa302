import { describe, expect, it } from 'vitest'
import type { Schema } from '../../src/base/dataType.ts'
import { parseType } from '../../src/base/parseType.ts'
import type { Expr } from '../../src/expr/expr.ts'
import { and, call, caseWhen, coalesce, column, literal, or, sql } from '../../src/expr/factories.ts'
import { FreshNames } from '../../src/optimize/freshNames.ts'
import { liftCalls } from '../../src/optimize/rules/liftCalls.ts'
import { aggregate, distinct, filter, project, scan, sort } from '../../src/plan/factories.ts'
import { type JoinSpec, join } from '../../src/plan/join.ts'
import type { LogicalPlan } from '../../src/plan/plan.ts'
import { formatPlan } from '../../src/plan/print.ts'
import { catalogOf } from '../planDatabase.ts'
import { generatorStubs } from '../planGenerator.ts'

const schemaOf = (columns: Record<string, string>): Schema =>
  Object.entries(columns).map(([name, type]) => ({ name, type: parseType(type) }))
const t = scan(
  { kind: 'table', name: ['t'] },
  schemaOf({ a: 'BIGINT', b: 'BIGINT', c: 'VARCHAR', d: 'BOOLEAN' }),
)
const u = scan({ kind: 'table', name: ['u'] }, schemaOf({ k: 'BIGINT', l: 'VARCHAR' }))
const a = column('a')
const b = column('b')
const c = column('c')
const d = column('d')
const k = column('k')
const l = column('l')
const random = sql(['random()'], [], { volatile: true })
const items = (named: Record<string, Expr>) => Object.entries(named).map(([name, expr]) => ({ name, expr }))
const compare = (left: Expr, operator: string, right: Expr): Expr =>
  sql(['(', ` ${operator} `, ')'], [left, right])
const above = (expr: Expr, bound: number): Expr => compare(expr, '>', literal(bound))
const even = (arg: Expr): Expr => call('even', [arg])
const inc = (arg: Expr): Expr => call('inc', [arg])
const sum = (arg: Expr): Expr => sql(['sum(', ')'], [arg], { scope: 'aggregate' })

const dice = (arg: Expr): Expr => call('dice', [arg])
const long = (arg: Expr): Expr => call('long', [arg])

function lifted(plan: LogicalPlan): string {
  const catalog = catalogOf(generatorStubs)
  const after = liftCalls.apply(plan, { catalog, names: new FreshNames(plan) })
  expect(liftCalls.apply(after, { catalog, names: new FreshNames(after) })).toBe(after)
  return `\n${formatPlan(after)}\n`
}

const liftedFrom = (expr: Expr): string => lifted(project(t, items({ x: expr })))

const joined = (type: JoinSpec['type'], ...conditions: Expr[]): string =>
  lifted(join({ type, left: t, right: u, on: and(conditions) }))

describe('guards select the rows that reach a call', () => {
  it('behind AND: where what precedes is not false', () => {
    expect(liftedFrom(and([d, above(a, 2), even(a)]))).toBe(`
project x = (d AND (a > 2) AND __call_0)
  call __call_0 = even(a) where CASE WHEN (d IS NOT FALSE) THEN ((a > 2) IS NOT FALSE) END
    scan table t
`)
  })

  it('behind AND in a condition: where what precedes is true', () => {
    expect(lifted(filter(t, or([and([d, even(a)]), even(b)])))).toBe(`
project a, b, c, d
  filter ((d AND __call_0) OR __call_1)
    call __call_1 = even(b) where ((d AND __call_0) IS NOT TRUE)
      call __call_0 = even(a) where d
        scan table t
`)
  })

  it('behind OR: where what precedes is not true', () => {
    expect(liftedFrom(or([d, even(a), long(c)]))).toBe(`
project x = (d OR __call_0 OR __call_1)
  call __call_1 = long(c) where ((d IS NOT TRUE) AND (__call_0 IS NOT TRUE))
    call __call_0 = even(a) where (d IS NOT TRUE)
      scan table t
`)
  })

  it('in CASE: where no earlier condition is true and its own is', () => {
    const branches = [
      { when: d, result: inc(a) },
      { when: even(b), result: inc(b) },
    ]
    expect(liftedFrom(caseWhen(branches, inc(literal(7))))).toBe(`
project x = CASE WHEN d THEN __call_0 WHEN __call_1 THEN __call_2 ELSE __call_3 END
  call __call_3 = inc(7) where ((d IS NOT TRUE) AND (__call_1 IS NOT TRUE))
    call __call_2 = inc(b) where ((d IS NOT TRUE) AND __call_1)
      call __call_1 = even(b) where (d IS NOT TRUE)
        call __call_0 = inc(a) where d
          scan table t
`)
  })

  it('in COALESCE: where all that precede are null', () => {
    expect(liftedFrom(coalesce([a, inc(b), inc(a)]))).toBe(`
project x = coalesce(a, __call_0, __call_1)
  call __call_1 = inc(a) where ((a IS NULL) AND (__call_0 IS NULL))
    call __call_0 = inc(b) where (a IS NULL)
      scan table t
`)
  })

  it('nested in each other, and through arguments', () => {
    const nested = caseWhen([{ when: d, result: coalesce([b, inc(inc(a))]) }])
    expect(liftedFrom(sql(['(', ' + 1)'], [nested]))).toBe(`
project x = (CASE WHEN d THEN coalesce(b, __call_1) END + 1)
  call __call_1 = inc(__call_0) where (d AND (b IS NULL))
    call __call_0 = inc(a) where (d AND (b IS NULL))
      scan table t
`)
  })

  it('without computing for other rows what may fail there', () => {
    const parsed = above(sql(['CAST(', ' AS INTEGER)'], [c]), 3)
    const guarded = caseWhen([{ when: sql(['(', " ~ '[0-9]+')"], [c]), result: and([parsed, even(a)]) }])
    expect(liftedFrom(guarded)).toContain(
      "where CASE WHEN (c ~ '[0-9]+') THEN ((CAST(c AS INTEGER) > 3) IS NOT FALSE) END",
    )
  })

  it('with volatile conditions and windows computed once, for both the guard and the expression', () => {
    expect(liftedFrom(and([above(random, 0), even(a)]))).toBe(`
project x = (__value_0 AND __call_0)
  call __call_0 = even(a) where (__value_0 IS NOT FALSE)
    project a, b, c, d, __value_0 = (random() > 0)
      scan table t
`)
    const rank = sql(['rank() OVER (ORDER BY ', ')'], [a], { scope: 'window' })
    expect(
      liftedFrom(caseWhen([{ when: d, result: caseWhen([{ when: above(rank, 2), result: inc(rank) }]) }])),
    ).toBe(`
project x = CASE WHEN d THEN CASE WHEN __value_0 THEN __call_0 END END
  call __call_0 = inc(__value_1) where (d AND __value_0)
    project a, b, c, d, __value_0, __value_1 = rank() OVER (ORDER BY a)
      project a, b, c, d, __value_0 = CASE WHEN d THEN (rank() OVER (ORDER BY a) > 2) END
        scan table t
`)
  })
})

describe('filters', () => {
  it('look at cheap conditions first, and keep volatile ones in their place', () => {
    expect(lifted(filter(t, and([even(a), above(random, 0), above(b, 1), long(c), d])))).toBe(`
project a, b, c, d
  filter __call_1
    call __call_1 = long(c)
      filter (random() > 0)
        filter __call_0
          call __call_0 = even(a)
            filter ((b > 1) AND d)
              scan table t
`)
  })

  it('keep what may fail behind the conditions before it', () => {
    const parsed = above(sql(['CAST(', ' AS INTEGER)'], [c]), 3)
    expect(lifted(filter(t, and([parsed, even(a), parsed])))).toBe(`
project a, b, c, d
  filter (CAST(c AS INTEGER) > 3)
    filter __call_0
      call __call_0 = even(a)
        filter (CAST(c AS INTEGER) > 3)
          scan table t
`)
  })
})

describe('sorts and distinct', () => {
  it('keep their columns', () => {
    expect(lifted(sort(t, [{ expr: inc(a), descending: true, nullsFirst: null }]))).toBe(`
project a, b, c, d
  sort __call_0 desc
    call __call_0 = inc(a)
      scan table t
`)
    expect(lifted(distinct(t, [inc(a), b]))).toBe(`
project a, b, c, d
  distinct on __call_0, b
    call __call_0 = inc(a)
      scan table t
`)
  })
})

describe('aggregates', () => {
  it('get keys and arguments from below, the latter for the rows of their FILTER', () => {
    const filtered = sql(['sum(', ') FILTER (WHERE ', ')'], [inc(a), above(b, 0)], { scope: 'aggregate' })
    const plan = aggregate(t, items({ key: inc(b) }), items({ total: filtered, n: sum(a) }))
    expect(lifted(plan)).toBe(`
aggregate total = sum(__call_1) FILTER (WHERE (b > 0)), n = sum(a) by key = __call_0
  call __call_1 = inc(a) where (b > 0)
    call __call_0 = inc(b)
      scan table t
`)
  })

  it('give their results to calls above', () => {
    const item = caseWhen([{ when: above(sum(a), 5), result: inc(sum(inc(a))) }], inc(b))
    expect(lifted(aggregate(t, items({ b, one: literal(1) }), items({ x: item, n: sum(a) })))).toBe(`
project b, one, x = CASE WHEN (__value_0 > 5) THEN __call_1 ELSE __call_2 END, n
  call __call_2 = inc(b) where ((__value_0 > 5) IS NOT TRUE)
    call __call_1 = inc(__value_1) where (__value_0 > 5)
      aggregate __value_0 = sum(a), __value_1 = sum(__call_0), n = sum(a) by b, one = 1
        call __call_0 = inc(a)
          scan table t
`)
  })

  it('find keys within what is computed over them', () => {
    const key = inc(a)
    expect(lifted(aggregate(t, items({ key }), items({ x: even(sql(['(', ' + 1)'], [key])) })))).toBe(`
project key, x = __call_1
  call __call_1 = even((key + 1))
    aggregate by key = __call_0
      call __call_0 = inc(a)
        scan table t
`)
  })
})

describe('windows', () => {
  it('get their arguments from below, for all rows', () => {
    const total = sql(['sum(', ') OVER (PARTITION BY ', ')'], [inc(a), b], { scope: 'window' })
    expect(liftedFrom(caseWhen([{ when: d, result: total }]))).toBe(`
project x = CASE WHEN d THEN sum(__call_0) OVER (PARTITION BY b) END
  call __call_0 = inc(a)
    scan table t
`)
  })

  it('are columns before a call takes them', () => {
    const total = sql(['sum(', ') OVER ()'], [inc(a)], { scope: 'window' })
    expect(liftedFrom(inc(sql(['(', ' + 1)'], [total])))).toBe(`
project x = __call_1
  call __call_1 = inc((__value_0 + 1))
    project a, b, c, d, __call_0, __value_0 = sum(__call_0) OVER ()
      call __call_0 = inc(a)
        scan table t
`)
  })
})

describe('joins', () => {
  it('inner: conditions about one side filter it, about both they follow the join', () => {
    expect(joined('inner', compare(a, '=', k), even(a), long(l), call('mix', [b, k]))).toBe(
      `
project a, b, c, d, k, l
  filter __call_2
    call __call_2 = mix(b, k)
      inner join on (a = k)
        project a, b, c, d
          filter __call_0
            call __call_0 = even(a)
              scan table t
        project k, l
          filter __call_1
            call __call_1 = long(l)
              scan table u
`,
    )
  })

  it('take calls of one side as columns of it, so that equality stays equality', () => {
    expect(joined('inner', compare(inc(a), '=', inc(k)))).toBe(`
project a, b, c, d, k, l
  inner join on (__call_0 = __call_1)
    call __call_0 = inc(a)
      scan table t
    call __call_1 = inc(k)
      scan table u
`)
  })

  it('left and anti: only the right side is filtered', () => {
    expect(joined('left', compare(a, '=', k), even(a), long(l))).toBe(`
project a, b, c, d, k, l
  left join on ((a = k) AND __call_0)
    call __call_0 = even(a)
      scan table t
    project k, l
      filter __call_1
        call __call_1 = long(l)
          scan table u
`)
    expect(joined('anti', even(a), long(l))).toBe(`
project a, b, c, d
  anti join on __call_0
    call __call_0 = even(a)
      scan table t
    project k, l
      filter __call_1
        call __call_1 = long(l)
          scan table u
`)
  })

  it('semi: both sides are filtered; full: neither is', () => {
    expect(joined('semi', even(a), even(k))).toBe(`
semi join on true
  project a, b, c, d
    filter __call_0
      call __call_0 = even(a)
        scan table t
  project k, l
    filter __call_1
      call __call_1 = even(k)
        scan table u
`)
    expect(joined('full', compare(a, '=', k), even(a))).toBe(`
project a, b, c, d, k, l
  full join on ((a = k) AND __call_0)
    call __call_0 = even(a)
      scan table t
    scan table u
`)
  })

  it('leave in place what reads both sides, but for inner joins', () => {
    expect(joined('left', compare(a, '=', k), call('mix', [a, k]))).toBe(`
left join on ((a = k) AND mix(a, k))
  scan table t
  scan table u
`)
  })

  it('leave volatile conditions in place, or after an inner join', () => {
    expect(joined('semi', even(dice(a)))).toBe(`
semi join on even(dice(a))
  scan table t
  scan table u
`)
    expect(joined('inner', even(dice(a)))).toBe(`
project a, b, c, d, k, l
  filter __call_1
    call __call_1 = even(__call_0)
      call __call_0 = dice(a)
        inner join on true
          scan table t
          scan table u
`)
  })

  it('take a shared column as that of the side which keeps its rows', () => {
    const right = project(u, items({ a: k, l }))
    const using = (type: JoinSpec['type']): string =>
      lifted(join({ type, left: t, right, using: ['a'], on: even(a) }))
    expect(using('left')).toBe(`
project a, b, c, d, l
  left join using a on __call_0
    call __call_0 = even(a)
      scan table t
    project a = k, l
      scan table u
`)
    expect(using('full')).toBe(`
full join using a on even(a)
  scan table t
  project a = k, l
    scan table u
`)
  })
})

describe('what stays in place', () => {
  it('calls within lambdas and TRY', () => {
    const parameter = sql(['x'], [], { scope: 'query' })
    const lambda = sql(['list_transform([1], lambda x: ', ')'], [inc(parameter)])
    const tried = sql(['TRY(', ')'], [inc(a)])
    const plan = project(t, items({ lambda, tried, x: inc(b) }))
    expect(lifted(plan)).toBe(`
project lambda = list_transform([1], lambda x: inc(x)), tried = TRY(inc(a)), x = __call_0
  call __call_0 = inc(b)
    scan table t
`)
  })

  it('but not the call that takes their result', () => {
    const tried = sql(['TRY(', ')'], [inc(a)])
    expect(liftedFrom(caseWhen([{ when: d, result: inc(tried) }]))).toBe(`
project x = CASE WHEN d THEN __call_0 END
  call __call_0 = inc(__value_0) where d
    project a, b, c, d, __value_0 = CASE WHEN d THEN TRY(inc(a)) END
      scan table t
`)
  })

  it('calls over sources that are not analyzed', () => {
    const plan = filter(scan({ kind: 'table', name: ['unknown'] }), even(a))
    expect(lifted(plan)).toBe('\nfilter even(a)\n  scan table unknown\n')
  })
})

describe('names', () => {
  it('are new to the plan', () => {
    const plan = project(
      project(t, items({ __CALL_0: a, __call_2: b })),
      items({ x: inc(column('__call_2')) }),
    )
    expect(lifted(plan)).toContain('call __call_1 = inc(__call_2)')
  })
})
