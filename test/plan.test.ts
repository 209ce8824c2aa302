import { describe, expect, it } from 'vitest'
import type { Schema } from '../src/base/dataType.ts'
import { parseType } from '../src/base/parseType.ts'
import type { Expr } from '../src/expr/expr.ts'
import { and, call, column, literal, sql } from '../src/expr/factories.ts'
import { mapPlanExpressions, mapPlanInputs, planExpressions, planInputs } from '../src/plan/children.ts'
import { outputColumns } from '../src/plan/columns.ts'
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
import type { LogicalPlan } from '../src/plan/plan.ts'
import { formatPlan } from '../src/plan/print.ts'

const schemaOf = (columns: Record<string, string>): Schema =>
  Object.entries(columns).map(([name, type]) => ({ name, type: parseType(type) }))

const files = { kind: 'parquet', paths: ['memos/*.parquet'], options: { hive_partitioning: true } } as const
const memos = scan(files, schemaOf({ id: 'BIGINT', amount: 'DOUBLE', memo: 'VARCHAR', tags: 'VARCHAR[]' }))
const cities = scan({ kind: 'table', name: ['geo', 'cities'] }, schemaOf({ ID: 'BIGINT', city: 'VARCHAR' }))
const unknown = scan({ kind: 'memory', id: 'rows_1' })
const id = column('id')
const amount = column('amount')
const over100 = sql(['(', ' > 100)'], [amount])
const total = sql(['sum(', ')'], [amount], { scope: 'aggregate' })
const ranked = sql(['rank() OVER (ORDER BY ', ')'], [amount], { scope: 'window' })
const ascending = { descending: false, nullsFirst: null }

const called = callProject(filter(memos, over100), {
  name: 'entities',
  function: 'extract_entities',
  args: [column('memo')],
  metadata: literal({ language: 'en' }),
  guard: over100,
})
const matched = join({
  type: 'left',
  left: called,
  right: project(cities, [
    { name: 'city_id', expr: column('ID') },
    { name: 'city', expr: column('city') },
  ]),
  on: and([sql(['(', ' = ', ')'], [id, column('city_id')]), over100]),
})
const summed = aggregate(
  matched,
  [
    { name: 'city', expr: column('city') },
    { name: 'day', expr: call('day_of', [id]) },
  ],
  [{ name: 'total', expr: total }],
  [[0, 1], []],
)
const top = limit(sort(summed, [{ expr: column('total'), descending: true, nullsFirst: true }]), 10, 5)
const all: readonly LogicalPlan[] = [
  memos,
  scan(files, memos.schema, ['memo']),
  opaque(['SELECT * FROM ', ' AS t', ''], [memos, cities]),
  called,
  callProject(memos, { name: 'x', function: 'f', args: [literal(1)], once: true }),
  matched,
  join({ type: 'semi', left: memos, right: cities, using: ['id'] }),
  summed,
  top,
  limit(memos, null, 3),
  distinct(memos),
  distinct(memos, [amount]),
  union([memos, memos]),
  union([memos, cities], true),
  explode(memos, 'tags', true),
  sample(memos, { rows: 5 }, 7),
  sample(memos, { fraction: 0.1 }),
]

describe('plan factories', () => {
  it('freeze what they make', () => {
    for (const plan of all) {
      expect(Object.isFrozen(plan)).toBe(true)
      expect(structuredClone(plan)).toEqual(plan)
    }
  })

  it('refuse unknown columns, with suggestions', () => {
    expect(() => filter(memos, sql(['(', ' > 1)'], [column('amout')]))).toThrow(
      "unknown column 'amout': did you mean 'amount'?\n  the input has id, amount, memo, tags",
    )
    expect(() => explode(cities, 'price')).toThrow("unknown column 'price'\n  the input has ID, city")
    const wide = project(
      memos,
      Array.from({ length: 14 }, (_, index) => ({ name: `column${index}`, expr: id })),
    )
    expect(() => sort(wide, [{ expr: id, ...ascending }])).toThrow(
      "unknown column 'id'\n  the input has column0, column1, column2, column3, column4, column5, column6, column7, " +
        'column8, column9, column10, column11 and 2 more',
    )
    expect(() => join({ type: 'inner', left: memos, right: cities, using: ['city'] })).toThrow(
      "unknown column 'city'\n  the input has id, amount, memo, tags",
    )
    expect(() => scan(files, memos.schema, ['memos'])).toThrow("unknown column 'memos': did you mean 'memo'?")
  })

  it('refuse columns of one name', () => {
    expect(() =>
      project(memos, [
        { name: 'a', expr: id },
        { name: 'A', expr: id },
      ]),
    ).toThrow("project has two columns named 'A'")
    expect(() => callProject(memos, { name: 'Memo', function: 'f', args: [] })).toThrow(
      "the call of f has two columns named 'Memo'",
    )
    expect(() => join({ type: 'cross', left: memos, right: cities })).toThrow(
      "a join has two columns named 'ID'",
    )
    expect(() => aggregate(memos, [{ name: 'x', expr: id }], [{ name: 'x', expr: total }])).toThrow(
      "an aggregate has two columns named 'x'",
    )
    expect(() => project(memos, [{ name: '', expr: id }])).toThrow('project has a column without a name')
  })

  it('refuse what makes no sense', () => {
    const refused: readonly (readonly [() => unknown, string])[] = [
      [() => project(memos, []), 'project needs at least one column'],
      [() => project(memos, [{ name: 'x', expr: total }]), 'project cannot hold an aggregate: x'],
      [() => filter(memos, ranked), 'filter cannot hold a window function: the predicate'],
      [() => filter(memos, total), 'filter cannot hold an aggregate: the predicate'],
      [
        () => aggregate(memos, [{ name: 'k', expr: ranked }], []),
        'a grouping key cannot hold a window function: k',
      ],
      [() => aggregate(memos, [], []), 'an aggregate needs at least one key or aggregate'],
      [() => sort(memos, []), 'sort needs at least one key'],
      [() => limit(memos, -1), 'limit takes a whole number of rows from 0, got -1'],
      [() => limit(memos, 1, 0.5), 'offset takes a whole number of rows from 0, got 0.5'],
      [() => distinct(memos, []), 'distinct needs at least one expression to be distinct on'],
      [() => union([]), 'union needs at least one input'],
      [() => union([memos, cities]), 'union takes inputs with equally many columns, got 4 and 2'],
      [
        () => sample(memos, { fraction: 2 }),
        'sample takes a whole number of rows or a fraction from 0 to 1, got the fraction 2',
      ],
      [
        () => join({ type: 'cross', left: memos, right: unknown, on: over100 }),
        'a cross join takes no condition',
      ],
      [
        () => join({ type: 'asof', left: memos, right: unknown }),
        'an asof join needs an inequality as its condition',
      ],
      [() => join({ type: 'anti', left: memos, right: unknown }), 'an anti join needs a condition'],
    ]
    for (const [make, message] of refused) expect(make).toThrow(message)
  })

  it('give columns the spelling of the input, but for those within a subquery', () => {
    const subquery = sql(['(SELECT max(x) FROM t WHERE y = ', ')'], [column('Y')], { scope: 'query' })
    const plan = project(memos, [
      { name: 'x', expr: column('AMOUNT') },
      { name: 'y', expr: subquery },
    ])
    expect(plan.items.map(({ expr }) => expr)).toEqual([amount, subquery])
    expect(join({ type: 'full', left: memos, right: cities, using: ['Id'] }).using).toEqual(['id'])
    expect(explode(memos, 'TAGS').column).toBe('tags')
    expect(scan(files, memos.schema, ['MEMO']).columns).toEqual(['memo'])
  })

  it('wait with columns until the input is analyzed', () => {
    const plan = filter(unknown, over100)
    expect(plan.predicate).toBe(over100)
    expect(() => mapPlanInputs(plan, () => cities)).toThrow("unknown column 'amount'")
  })
})

describe('outputColumns', () => {
  it('tells the columns of each operator', () => {
    expect(all.map((plan) => outputColumns(plan)?.join() ?? null)).toEqual([
      'id,amount,memo,tags',
      'memo',
      null,
      'id,amount,memo,tags,entities',
      'id,amount,memo,tags,x',
      'id,amount,memo,tags,entities,city_id,city',
      'id,amount,memo,tags',
      'city,day,total',
      'city,day,total',
      ...Array.from({ length: 4 }, () => 'id,amount,memo,tags'),
      'id,amount,memo,tags,city',
      ...Array.from({ length: 3 }, () => 'id,amount,memo,tags'),
    ])
  })

  it('is null while a source is not analyzed', () => {
    for (const plan of [
      unknown,
      filter(unknown, over100),
      union([memos, unknown], true),
      limit(unknown, 1),
    ]) {
      expect(outputColumns(plan)).toBeNull()
    }
    expect(outputColumns(join({ type: 'cross', left: memos, right: unknown }))).toBeNull()
    expect(outputColumns(project(unknown, [{ name: 'x', expr: id }]))).toEqual(['x'])
  })
})

describe('children', () => {
  it('give the same object back if nothing changed', () => {
    for (const plan of all) {
      expect(mapPlanInputs(plan, (input) => input)).toBe(plan)
      expect(mapPlanExpressions(plan, (expr) => expr)).toBe(plan)
    }
  })

  it('can be replaced, each kind by itself', () => {
    for (const plan of all) {
      const copied = mapPlanInputs(plan, (input) => Object.freeze({ ...input }))
      expect(copied).toEqual(plan)
      expect(copied === plan).toBe(planInputs(plan).length === 0)
      const seen: Expr[] = []
      const again = mapPlanExpressions(plan, (expr) => {
        seen.push(expr)
        return Object.freeze({ ...expr })
      })
      expect(again).toEqual(plan)
      expect(seen).toEqual(planExpressions(plan))
    }
  })

  it('hold every expression', () => {
    expect(planExpressions(called)).toEqual([column('memo'), literal({ language: 'en' }), over100])
    expect(planExpressions(summed)).toEqual([column('city'), call('day_of', [id]), total])
  })
})

describe('formatPlan', () => {
  it('prints a node a line', () => {
    expect(formatPlan(top)).toBe(
      `
limit 10 offset 5
  sort total desc nulls first
    aggregate total = sum(amount) by city, day = day_of(id) grouping sets (city, day), ()
      left join on ((id = city_id) AND (amount > 100))
        call entities = extract_entities(memo, metadata => {'language': 'en'}) where (amount > 100)
          filter (amount > 100)
            scan parquet 'memos/*.parquet' hive_partitioning=true
        project city_id = ID, city
          scan table geo.cities`.trim(),
    )
  })

  it('prints every kind of operator', () => {
    const firstLines = all.map((plan) => formatPlan(plan).split('\n')[0])
    expect(firstLines).toEqual([
      "scan parquet 'memos/*.parquet' hive_partitioning=true",
      "scan parquet 'memos/*.parquet' hive_partitioning=true [memo]",
      'sql SELECT * FROM (…) AS t(…)',
      "call entities = extract_entities(memo, metadata => {'language': 'en'}) where (amount > 100)",
      'call x = f(1) once',
      'left join on ((id = city_id) AND (amount > 100))',
      'semi join using id',
      'aggregate total = sum(amount) by city, day = day_of(id) grouping sets (city, day), ()',
      'limit 10 offset 5',
      'offset 3',
      'distinct',
      'distinct on amount',
      'union',
      'union by name',
      'explode tags keeping empty lists',
      'sample 5 rows seed 7',
      'sample fraction 0.1',
    ])
  })
})
