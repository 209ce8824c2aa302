import type { DataType } from '../src/base/dataType.ts'
import type { Expr, NamedExpr } from '../src/expr/expr.ts'
import { and, call, caseWhen, coalesce, column, literal, or, sql } from '../src/expr/factories.ts'
import {
  aggregate,
  distinct,
  explode,
  filter,
  limit,
  opaque,
  project,
  sample,
  sort,
  union,
} from '../src/plan/factories.ts'
import { join } from '../src/plan/join.ts'
import type { JoinType, LogicalPlan, ScanPlan } from '../src/plan/plan.ts'
import type { StubFunction } from './planDatabase.ts'

export type ColumnType = 'int' | 'text' | 'bool' | 'list'

interface TypedColumn {
  readonly name: string
  readonly type: ColumnType
}

/** A plan whose result DuckDB determines: `ordered` says whether the order of its rows is part of that. */
export interface GeneratedPlan {
  readonly plan: LogicalPlan
  readonly columns: readonly TypedColumn[]
  readonly ordered: boolean
}

export interface GeneratorOptions {
  readonly tables: readonly GeneratedPlan[]
  /** Whether expressions hold catalog calls. */
  readonly calls: boolean
}

const wrap = (value: bigint, size: bigint): bigint => ((value % size) + size) % size

/** Total functions, so that no order of evaluation can fail; their results tell nulls and arguments apart. */
export const generatorStubs: readonly StubFunction[] = [
  {
    name: 'inc',
    inputs: ['BIGINT'],
    output: 'BIGINT',
    compute: (x) => (typeof x === 'bigint' ? wrap(x * 3n + 1n, 11n) : -1n),
  },
  {
    name: 'mix',
    inputs: ['BIGINT', 'BIGINT'],
    output: 'BIGINT',
    compute: (x, y) => (typeof x === 'bigint' && typeof y === 'bigint' ? wrap(x * 7n + y, 13n) : null),
    signature: { volatility: 'stable', costPerRow: 50 },
  },
  {
    name: 'dice',
    inputs: ['BIGINT'],
    output: 'BIGINT',
    compute: (x) => (typeof x === 'bigint' ? wrap(x + 5n, 6n) : null),
    signature: { volatility: 'volatile' },
  },
  {
    name: 'even',
    inputs: ['BIGINT'],
    output: 'BOOLEAN',
    compute: (x) => (typeof x === 'bigint' ? x % 2n === 0n : null),
    signature: { selectivity: 0.1 },
  },
  {
    name: 'long',
    inputs: ['VARCHAR'],
    output: 'BOOLEAN',
    compute: (x) => (typeof x === 'string' ? x.length > 1 : true),
    signature: { async: true },
  },
  {
    name: 'shout',
    inputs: ['VARCHAR'],
    output: 'VARCHAR',
    compute: (x) => (typeof x === 'string' ? `${x}!` : '?'),
  },
]

export const generatorTables: readonly string[] = [
  `CREATE TABLE t AS SELECT i AS a, nullif(i % 3, 2) AS b, ['x', 'yy', NULL, 'zzz'][i % 4 + 1] AS c,
     [NULL, true, false][i % 3 + 1] AS d, CASE WHEN i % 4 > 0 THEN [i, NULL, 2][: i % 4 - 1] END AS e
   FROM range(9) r(i)`,
  `CREATE TABLE u AS SELECT nullif(i * 2 % 5, 4) AS k, ['yy', 'x'][i % 2 + 1] AS l FROM range(5) r(i)`,
  'CREATE TABLE nothing AS SELECT * FROM t WHERE false',
]

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const bigint = { kind: 'bigint' } as const
const dataTypes: Readonly<Record<ColumnType, DataType>> = {
  int: bigint,
  text: { kind: 'varchar' },
  bool: { kind: 'boolean' },
  list: { kind: 'list', item: bigint },
}
const joinTypes: readonly JoinType[] = ['inner', 'left', 'semi', 'anti', 'right', 'full', 'cross']

/** Draws plans and expressions; `draw(n)` gives a whole number from 0 to n - 1, 0 being the simplest. */
export class PlanGenerator {
  readonly #draw: (choices: number) => number
  readonly #options: GeneratorOptions
  #joins = 0
  // DuckDB has none in the condition of an outer join.
  #subqueries = true
  #hasSubquery = false

  constructor(draw: (choices: number) => number, options: GeneratorOptions) {
    this.#draw = draw
    this.#options = options
  }

  plan(operators = 5): GeneratedPlan {
    let made = this.#pick(this.#options.tables)
    const count = this.#draw(operators + 1)
    for (let index = 0; index < count; index++) made = this.#operator(made)
    return made
  }

  /** A projection over a filter over a table, without windows and subqueries. */
  filteredProjection(): GeneratedPlan {
    this.#subqueries = false
    const table = this.#options.tables.at(0)!
    const { plan } = this.#filter(table)
    const expr = this.#expr(this.#pick<ColumnType>(['int', 'bool', 'text']), table.columns, 4)
    return { ...table, plan: project(plan, [{ name: 'x', expr }]), columns: [] }
  }

  #pick<T>(choices: readonly T[]): T {
    return choices.at(this.#draw(choices.length))!
  }

  #operator(input: GeneratedPlan): GeneratedPlan {
    const makers: readonly ((input: GeneratedPlan) => GeneratedPlan)[] = [
      (made) => this.#project(made),
      (made) => this.#filter(made),
      (made) => this.#sort(made),
      (made) => this.#limit(made),
      (made) => this.#aggregate(made),
      (made) => this.#join(made),
      (made) => this.#distinct(made),
      (made) => this.#union(made),
      (made) => this.#explode(made),
      (made) => ({ ...made, plan: sample(made.plan, { rows: 100_000 }) }),
      (made) => this.#opaque(made),
      (made) => this.#limit(this.#project(this.#sort(made))),
      (made) => this.#filter(this.#project(made)),
      (made) => this.#project(this.#filter(this.#filter(made))),
    ]
    return this.#pick(makers)(input)
  }

  #project({ plan, columns, ordered }: GeneratedPlan): GeneratedPlan {
    const count = 1 + this.#draw(4)
    const first = this.#draw(names.length)
    const made: TypedColumn[] = []
    const items: NamedExpr[] = []
    let anyWindow = false
    for (let index = 0; index < count; index++) {
      const name = names.at((first + index) % names.length)!
      const type = this.#pick<ColumnType>(['int', 'text', 'bool', 'list'])
      const windowed = type === 'int' && this.#draw(8) === 7
      anyWindow ||= windowed
      const expr = windowed ? this.#window(columns) : this.#expr(type, columns, 3)
      made.push({ name, type })
      items.push({ name, expr })
    }
    // DuckDB computes windows partition by partition.
    return { plan: project(plan, items), columns: made, ordered: ordered && !anyWindow }
  }

  #filter({ plan, columns, ordered }: GeneratedPlan): GeneratedPlan {
    return { plan: filter(plan, this.#expr('bool', columns, 3)), columns, ordered }
  }

  #sort({ plan, columns }: GeneratedPlan): GeneratedPlan {
    const first = this.#expr(this.#pick<ColumnType>(['int', 'text']), columns, 2)
    const keys = [first, ...columns.map(({ name }) => column(name))].map((expr) => ({
      expr,
      descending: this.#draw(2) === 1,
      nullsFirst: this.#pick([null, true, false]),
    }))
    return { plan: sort(plan, keys), columns, ordered: true }
  }

  #limit(made: GeneratedPlan): GeneratedPlan {
    const { plan, columns } = made.ordered ? made : this.#sort(made)
    const count = this.#pick([3, 1, 0, null])
    return { plan: limit(plan, count, this.#pick([0, 2])), columns, ordered: true }
  }

  #aggregate({ plan, columns }: GeneratedPlan): GeneratedPlan {
    const keyCount = this.#draw(3)
    const keys: NamedExpr[] = []
    const made: TypedColumn[] = []
    for (let index = 0; index < keyCount; index++) {
      const type = this.#pick<ColumnType>(['int', 'text', 'bool'])
      keys.push({ name: `k${index}`, expr: this.#expr(type, columns, 2) })
      made.push({ name: `k${index}`, type })
    }
    const aggregates: NamedExpr[] = []
    for (let index = 0; index < 1 + this.#draw(2); index++) {
      aggregates.push({ name: `s${index}`, expr: this.#overAggregates(columns, keys, 2) })
      made.push({ name: `s${index}`, type: 'int' })
    }
    const sets = keyCount > 0 && this.#draw(4) === 3 ? [keys.map((_, index) => index), []] : null
    return { plan: aggregate(plan, keys, aggregates, sets), columns: made, ordered: false }
  }

  #overAggregates(columns: readonly TypedColumn[], keys: readonly NamedExpr[], depth: number): Expr {
    const makers: readonly (() => Expr)[] = [
      () => this.#aggregateCall(columns),
      () =>
        sql(
          ['(', ' + ', ')'],
          [this.#overAggregates(columns, keys, depth - 1), this.#aggregateCall(columns)],
        ),
      () => this.#call('inc', [this.#overAggregates(columns, keys, depth - 1)]),
      () =>
        caseWhen(
          [
            {
              when: sql(['(', ' > 3)'], [this.#overAggregates(columns, keys, depth - 1)]),
              result: this.#call('inc', [this.#aggregateCall(columns)]),
            },
          ],
          this.#aggregateCall(columns),
        ),
      () => {
        const key = keys.find(({ expr }) => expr.kind === 'column' && isInt(columns, expr.name))
        return key === undefined ? this.#aggregateCall(columns) : this.#call('inc', [key.expr])
      },
    ]
    return depth === 0 ? this.#aggregateCall(columns) : this.#pick(makers)()
  }

  #aggregateCall(columns: readonly TypedColumn[]): Expr {
    const arg = this.#expr('int', columns, 2)
    const condition = this.#expr('bool', columns, 1)
    const [parts, args] = this.#pick<readonly [readonly string[], readonly Expr[]]>([
      [['CAST(sum(', ') AS BIGINT)'], [arg]],
      [['count(*)'], []],
      [['max(', ')'], [arg]],
      [['count(DISTINCT ', ')'], [arg]],
      [
        ['CAST(sum(', ') FILTER (WHERE ', ') AS BIGINT)'],
        [arg, condition],
      ],
    ])
    return sql(parts, args, { scope: 'aggregate' })
  }

  #window(columns: readonly TypedColumn[]): Expr {
    const arg = this.#expr('int', columns, 2)
    const by = this.#expr(this.#pick<ColumnType>(['int', 'bool']), columns, 1)
    const made = this.#pick([
      sql(['CAST(sum(', ') OVER (PARTITION BY ', ') AS BIGINT)'], [arg, by], { scope: 'window' }),
      sql(['rank() OVER (ORDER BY ', ')'], [arg], { scope: 'window' }),
    ])
    if (this.#draw(2) === 0) return made
    return caseWhen([{ when: this.#expr('bool', columns, 1), result: this.#call('inc', [made]) }], made)
  }

  #join(left: GeneratedPlan): GeneratedPlan {
    if (this.#joins++ > 0) return left
    const right = this.#renamed(this.#operator(this.#pick(this.#options.tables)), 'r')
    const type = this.#pick(joinTypes)
    if (type !== 'cross' && this.#draw(3) === 2) return this.#joinUsing(type, left, right)
    const both = [...left.columns, ...right.columns]
    const columns = type === 'semi' || type === 'anti' ? left.columns : both
    const on = type === 'cross' ? null : this.#joinCondition(left.columns, right.columns)
    return { plan: join({ type, left: left.plan, right: right.plan, on }), columns, ordered: false }
  }

  /** Text columns are in every table; the right one gets the name of the left one. */
  #joinUsing(type: JoinType, left: GeneratedPlan, right: GeneratedPlan): GeneratedPlan {
    const mine = left.columns.find((each) => each.type === 'text')
    const theirs = right.columns.find((each) => each.type === 'text')
    if (mine === undefined || theirs === undefined) return left
    const others = right.columns.filter((each) => each !== theirs)
    const items = [
      { name: mine.name, expr: column(theirs.name) },
      ...others.map(({ name }) => ({ name, expr: column(name) })),
    ]
    const columns = type === 'semi' || type === 'anti' ? left.columns : [...left.columns, ...others]
    const on = this.#draw(2) === 0 ? null : this.#joinCondition(left.columns, others)
    const made = join({ type, left: left.plan, right: project(right.plan, items), using: [mine.name], on })
    return { plan: made, columns, ordered: false }
  }

  #opaque({ plan, columns, ordered }: GeneratedPlan): GeneratedPlan {
    const schema = columns.map(({ name, type }) => ({ name, type: dataTypes[type] }))
    return { plan: opaque(['SELECT o.* FROM ', ' AS o'], [plan], schema), columns, ordered }
  }

  #joinCondition(left: readonly TypedColumn[], right: readonly TypedColumn[]): Expr {
    const subqueries = this.#subqueries
    this.#subqueries = false
    const equal = sql(['(', ' = ', ')'], [this.#expr('int', left, 2), this.#expr('int', right, 2)])
    const more: readonly (() => Expr)[] = [
      () => this.#expr('bool', left, 2),
      () => this.#expr('bool', right, 2),
      () => this.#expr('bool', [...left, ...right], 2),
    ]
    const conditions: Expr[] = [equal]
    for (let index = this.#draw(3); index > 0; index--) conditions.push(this.#pick(more)())
    this.#subqueries = subqueries
    return and(conditions)
  }

  /** The same rows with other names, so that they can be joined. */
  #renamed({ plan, columns, ordered }: GeneratedPlan, prefix: string): GeneratedPlan {
    const made = columns.map(({ name, type }) => ({ name: `${prefix}_${name}`, type }))
    const items = columns.map(({ name }) => ({ name: `${prefix}_${name}`, expr: column(name) }))
    return { plan: project(plan, items), columns: made, ordered }
  }

  #distinct(made: GeneratedPlan): GeneratedPlan {
    const { plan, columns, ordered } = made
    if (!ordered || this.#draw(2) === 0) return { plan: distinct(plan), columns, ordered: false }
    return { plan: distinct(plan, [this.#expr('int', columns, 2)]), columns, ordered }
  }

  #union(made: GeneratedPlan): GeneratedPlan {
    const other = this.#filter(made)
    // Beside a subquery DuckDB runs the inputs of a UNION ALL in any order, even in one thread.
    const ordered = made.ordered && !this.#hasSubquery
    this.#subqueries = false
    if (this.#draw(2) === 0) return { ...made, plan: union([made.plan, other.plan]), ordered }
    const reversed = project(
      other.plan,
      other.columns.toReversed().map(({ name }) => ({ name, expr: column(name) })),
    )
    return { ...made, plan: union([made.plan, reversed], true), ordered }
  }

  #explode(made: GeneratedPlan): GeneratedPlan {
    const list = made.columns.find(({ type }) => type === 'list')
    if (list === undefined) return made
    const columns = made.columns.map((each) => (each === list ? { ...each, type: 'int' as const } : each))
    return { ...made, plan: explode(made.plan, list.name, this.#draw(2) === 1), columns }
  }

  #call(name: string, args: readonly Expr[]): Expr {
    return this.#options.calls ? call(name, args) : sql(['(', ' + 1)'], [args.at(0)!])
  }

  #expr(type: ColumnType, columns: readonly TypedColumn[], depth: number): Expr {
    const fitting = columns.filter((each) => each.type === type)
    const leaves: readonly (() => Expr)[] = [
      ...(fitting.length === 0 ? [] : [(): Expr => column(this.#pick(fitting).name)]),
      () => this.#constant(type),
    ]
    if (depth === 0) return this.#pick(leaves)()
    const sub = (of: ColumnType): Expr => this.#expr(of, columns, depth - 1)
    const general: readonly (() => Expr)[] = [
      () => caseWhen([{ when: sub('bool'), result: sub(type) }], sub(type)),
      () =>
        caseWhen([
          { when: sub('bool'), result: sub(type) },
          { when: sub('bool'), result: sub(type) },
        ]),
      () => coalesce([sub(type), sub(type)]),
    ]
    return this.#pick([...leaves, ...this.#own(type, sub, columns), ...general])()
  }

  #own(
    type: ColumnType,
    sub: (type: ColumnType) => Expr,
    columns: readonly TypedColumn[],
  ): readonly (() => Expr)[] {
    const called = (name: string, ...args: readonly ColumnType[]): (() => Expr)[] =>
      this.#options.calls ? [() => call(name, args.map(sub))] : []
    const ints = columns.filter((each) => each.type === 'int')
    switch (type) {
      case 'int':
        return [
          ...called('inc', 'int'),
          ...called('mix', 'int', 'int'),
          ...called('dice', 'int'),
          () => sql(['(', ' % 7 + ', ')'], [sub('int'), sub('int')]),
          () => sql(['(', ' + 0)'], [sub('int')], { volatile: true }),
          ...(ints.length === 0 || !this.#subqueries
            ? []
            : [(): Expr => this.#subquery(column(this.#pick(ints).name))]),
        ]
      case 'bool':
        return [
          ...called('even', 'int'),
          ...called('long', 'text'),
          () => and([sub('bool'), sub('bool')]),
          () => or([sub('bool'), sub('bool'), sub('bool')]),
          () => sql(['(NOT ', ')'], [sub('bool')]),
          () => sql(['(', ' > ', ')'], [sub('int'), sub('int')]),
          () => sql(['(', ' IS NULL)'], [sub('text')]),
        ]
      case 'text':
        return [...called('shout', 'text'), () => sql(['upper(', ')'], [sub('text')])]
      case 'list':
        return [() => sql(['[', ', ', ']'], [sub('int'), sub('int')])]
    }
  }

  #subquery(above: Expr): Expr {
    this.#hasSubquery = true
    return sql(['(SELECT count(*) FROM u WHERE u.k < ', ')'], [above], { scope: 'query' })
  }

  #constant(type: ColumnType): Expr {
    switch (type) {
      case 'int':
        return literal(this.#pick([1n, 0n, 4n, null]), bigint)
      case 'text':
        return literal(this.#pick(['x', '', null]), { kind: 'varchar' })
      case 'bool':
        return literal(this.#pick([true, false, null]), { kind: 'boolean' })
      case 'list':
        return literal(this.#pick<bigint[] | null>([[1n, 2n], [], null]), { kind: 'list', item: bigint })
    }
  }
}

function isInt(columns: readonly TypedColumn[], name: string): boolean {
  return columns.some((each) => each.name === name && each.type === 'int')
}

export function generatedTables(t: ScanPlan, u: ScanPlan, nothing: ScanPlan): readonly GeneratedPlan[] {
  const ofT: readonly TypedColumn[] = [
    { name: 'a', type: 'int' },
    { name: 'b', type: 'int' },
    { name: 'c', type: 'text' },
    { name: 'd', type: 'bool' },
    { name: 'e', type: 'list' },
  ]
  const ofU: readonly TypedColumn[] = [
    { name: 'k', type: 'int' },
    { name: 'l', type: 'text' },
  ]
  return [
    { plan: t, columns: ofT, ordered: true },
    { plan: u, columns: ofU, ordered: true },
    { plan: nothing, columns: ofT, ordered: true },
  ]
}
