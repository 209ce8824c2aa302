/* What the compiler knows of DataFrames: lines under ts-expect-error do not compile. */
import { expectTypeOf } from 'vitest'
import * as z from 'zod'
import type { Column } from '../../dataframe/column.ts'
import type { CallMethodName } from '../../dataframe/columnMethods/calls.ts'
import type { DateMethodName } from '../../dataframe/columnMethods/dates.ts'
import type { NestedMethodName } from '../../dataframe/columnMethods/nested.ts'
import type { OperatorName } from '../../dataframe/columnMethods/operators.ts'
import type { StateMethodName } from '../../dataframe/columnMethods/states.ts'
import type { TextMethodName } from '../../dataframe/columnMethods/text.ts'
import { DataFrame } from '../../dataframe/dataFrame.ts'
import { F, type Functions } from '../../dataframe/functions.ts'
import type { RowErrorValue } from '../../dataframe/tryResult.ts'
import { _ } from '../../dataframe/underscore.ts'
import { when } from '../../dataframe/when.ts'

interface Entity {
  kind: string
  text: string
}

interface Catalog {
  extract_entities: { args: [memo: string | null]; result: Entity[] | null }
  score: { args: [amount: number | bigint | null, day: number | Date | null]; result: number | null }
  now_text: { args: []; result: string }
}

declare const C: Functions<Catalog>

const memos = DataFrame.scan('memos.parquet', {
  schema: {
    id: 'BIGINT',
    memo: 'VARCHAR',
    amount: 'DOUBLE',
    day: 'DATE',
    tags: 'VARCHAR[]',
    place: 'STRUCT(city VARCHAR, zip INTEGER)',
  },
})

declare function rowOf<Row extends object>(frame: DataFrame<Row>): Row

expectTypeOf(rowOf(memos)).toEqualTypeOf<{
  id: bigint | null
  memo: string | null
  amount: number | null
  day: Date | null
  tags: (string | null)[] | null
  place: { city: string | null; zip: number | null } | null
}>()

// A catalog call: its name, the number and the types of its arguments, and its result.
const called = memos.project((c) => ({
  amount: c.amount,
  entities: C.catalogCall('extract_entities', c.memo),
}))
expectTypeOf(rowOf(called)).toEqualTypeOf<{ amount: number | null; entities: Entity[] | null }>()
memos.project((c) => ({ s: C.catalogCall('score', c.amount, c.day) }))
memos.project((c) => ({ s: C.catalogCall('score', c.id, new Date()) }))
memos.project(() => ({ s: C.catalogCall('now_text') }))
memos.project(() => ({ s: C.catalogCall('extract_entities', 'a text') }))
memos.project(() => ({ s: C.catalogCall('extract_entities', _.anything) }))
memos.project(() => ({ s: C.catalogCall('extract_entities', F.col('anything')) }))
memos.project((c) => ({
  s: C.catalogCall('extract_entities', c.memo).withMetadata({ language: 'de', id: c.id }),
}))
// @ts-expect-error an unknown function
C.catalogCall('extract_entites', _.memo)
// @ts-expect-error too few arguments
C.catalogCall('extract_entities')
// @ts-expect-error too many arguments
C.catalogCall('extract_entities', _.memo, 1)
// @ts-expect-error a wrong type
memos.project((c) => ({ s: C.catalogCall('extract_entities', c.amount) }))
// @ts-expect-error a wrong type of literal
C.catalogCall('extract_entities', 42)
// @ts-expect-error arguments in the wrong order
memos.project((c) => ({ s: C.catalogCall('score', c.day, c.amount) }))
// @ts-expect-error text for a number
memos.project((c) => ({ s: C.catalogCall('score', c.memo, c.day) }))

// Without a catalog.d.ts any name is taken, and nothing is known of the result.
expectTypeOf(F.catalogCall('anything', _.memo, 1)).toEqualTypeOf<Column>()

// Columns.
// @ts-expect-error an unknown column
memos.project((c) => ({ x: c.amont }))
// @ts-expect-error an unknown column by name
memos.select('amont')
// @ts-expect-error an unknown column by name
memos.drop('amont')
// @ts-expect-error an unknown column by name
memos.orderBy('amont')
// @ts-expect-error an unknown column by name
memos.groupBy('amont')
// @ts-expect-error an unknown column by name
memos.rename({ amont: 'x' })
// @ts-expect-error an unknown column by name
memos.explode('amont')
// @ts-expect-error text is compared with text
memos.filter((c) => c.memo.eq(1))
// @ts-expect-error text is not added to numbers
memos.project((c) => ({ x: c.amount.plus('1') }))
// @ts-expect-error a condition is boolean
memos.filter((c) => c.amount)
// @ts-expect-error a projection holds columns
memos.project({ x: 'amount' })

memos.filter((c) => c.amount.gt(100).and(c.memo.isNotNull(), c.day.lt(new Date())))
memos.filter(_.amount.gt(100), (c) => c.tags.listContains('a'))
memos.project((c) => {
  expectTypeOf(c.amount.plus(1)).toEqualTypeOf<Column<number | null>>()
  expectTypeOf(c.amount.plus(c.id)).toEqualTypeOf<Column>()
  expectTypeOf(c.amount.eq(1)).toEqualTypeOf<Column<boolean | null>>()
  expectTypeOf(c.memo.length()).toEqualTypeOf<Column<bigint | null>>()
  expectTypeOf(c.place.field('zip')).toEqualTypeOf<Column<number | null>>()
  expectTypeOf(c.tags.at(0)).toEqualTypeOf<Column<string | null>>()
  expectTypeOf(c.tags.listTransform((tag) => tag.length())).toEqualTypeOf<Column<(bigint | null)[] | null>>()
  expectTypeOf(c.memo.cast('INTEGER')).toEqualTypeOf<Column<number | null>>()
  expectTypeOf(when(c.amount.gt(1)).then('a').otherwise(c.memo)).toEqualTypeOf<Column<string | null>>()
  expectTypeOf(when(c.amount.gt(1)).then(1).otherwise(_.x)).toEqualTypeOf<Column>()
  expectTypeOf(F.lit(1)).toEqualTypeOf<Column<number>>()
  expectTypeOf(F.lit('1', 'DECIMAL(18,3)')).toEqualTypeOf<Column<string | null>>()
  expectTypeOf(F.coalesce(c.memo, 'none')).toEqualTypeOf<Column<string | null>>()
  expectTypeOf(F.struct({ a: c.memo, b: 1 })).toEqualTypeOf<Column<{ a: string | null; b: number } | null>>()
  expectTypeOf(F.listDistinct(c.tags)).toEqualTypeOf<Column>()
  return { city: c.place.city }
})
// @ts-expect-error DuckDB has no such function
F.listDistnct(_.tags)
F.call('my_macro', _.tags)

// Rows.
expectTypeOf(rowOf(memos.select('memo', 'id'))).toEqualTypeOf<{ memo: string | null; id: bigint | null }>()
expectTypeOf(rowOf(memos.drop('day', 'tags', 'place', 'id'))).toEqualTypeOf<{
  memo: string | null
  amount: number | null
}>()
expectTypeOf(
  rowOf(
    memos
      .select('memo', 'amount')
      .withColumns((c) => ({ amount: c.memo, length: c.memo.length(), any: _.x })),
  ),
).toEqualTypeOf<{ memo: string | null; amount: string | null; length: bigint | null; any: unknown }>()
expectTypeOf(rowOf(memos.select('memo').rename({ memo: 'text' }))).toEqualTypeOf<{ text: string | null }>()
expectTypeOf(
  rowOf(memos.groupBy('memo').agg((c) => ({ total: F.sum(c.amount), rows: F.count(), days: F.list(c.day) }))),
).toEqualTypeOf<{
  memo: string | null
  total: number | bigint | null
  rows: bigint
  days: (Date | null)[] | null
}>()
expectTypeOf(rowOf(memos.select('id', 'tags').explode('tags'))).toEqualTypeOf<{
  id: bigint | null
  tags: string | null
}>()
const left = memos.select('id', 'memo')
expectTypeOf(rowOf(left.join(memos.select('id', 'memo', 'day'), { on: 'id' }))).toEqualTypeOf<{
  id: bigint | null
  memo: string | null
  memo_right: string | null
  day: Date | null
}>()
expectTypeOf(
  rowOf(left.join(memos.select('id'), { condition: (l, r) => l.id.lt(r.id), how: 'left', suffix: '2' })),
).toEqualTypeOf<{ id: bigint | null; memo: string | null; id2: bigint | null }>()
expectTypeOf(rowOf(left.join(memos, { on: 'id', how: 'semi' }))).toEqualTypeOf<{
  id: bigint | null
  memo: string | null
}>()
// @ts-expect-error both sides need the column
left.join(memos.select('day'), { on: 'memo' })
// @ts-expect-error no such kind of join
left.join(memos, { on: 'id', how: 'outer' })

// A zod object, Arrow types and rows give columns, too.
const fromZod = DataFrame.scan('x.json', { schema: z.object({ memo: z.string(), kind: z.enum(['a', 'b']) }) })
expectTypeOf(rowOf(fromZod)).toEqualTypeOf<{ memo: string | null; kind: 'a' | 'b' | null }>()
expectTypeOf(rowOf(DataFrame.fromRows([{ a: 1, b: 'x' }]))).toEqualTypeOf<{ a: number; b: string }>()
DataFrame.fromRows([{ a: 1 }]).project((c) => ({ b: c.a.plus(1) }))
// @ts-expect-error an unknown column
DataFrame.fromRows([{ a: 1 }]).project((c) => ({ b: c.b }))

// Where the columns are not known, everything goes.
const unknown = DataFrame.scan('memos.parquet')
expectTypeOf(rowOf(unknown)).toEqualTypeOf<Record<string, unknown>>()
unknown.project({ a: _.b.upper(), c: _['odd name'].address.city, d: F.col('x').year() })
unknown.project((c) => ({ e: C.catalogCall('extract_entities', c.memo) }))
expectTypeOf(rowOf(unknown.project({ a: _.b, n: F.count() }))).toEqualTypeOf<{ a: unknown; n: bigint }>()
unknown.groupBy('a', _.b, { year: _.at.year() }).agg({ n: F.count() })
unknown.orderBy('a', _.b.desc().nullsLast())
unknown.join(memos, { leftOn: 'a', rightOn: ['id'] })

// Options of a call: only what exists, and the column of errors where one is asked for.
const careful = C.catalogCall('extract_entities', _.memo)
  .withRetry({ attempts: 5, retryOn: ['UNAVAILABLE'] })
  .withRetry({ delay: 2 })
  .withRetry(3)
  .withRateLimit({ rate: 100, per: 'minute', key: 'openai' })
  .withBatchSize('auto')
  .withConcurrency(4)
  .withCache({ ttl: 3600 })
  .withTimeout(500)
  .withDeadline(null)
expectTypeOf(rowOf(memos.project({ e: careful }))).toEqualTypeOf<{ e: Entity[] | null }>()
expectTypeOf(rowOf(memos.project({ e: careful.onError('null') }))).toEqualTypeOf<{ e: Entity[] | null }>()
expectTypeOf(rowOf(memos.project({ e: careful.onError('column') }))).toEqualTypeOf<{
  e: Entity[] | null
  e_error: RowErrorValue | null
}>()
// @ts-expect-error: a rate limit has a rate
careful.withRateLimit({ per: 'minute' })
// @ts-expect-error: no such policy
careful.onError('ignore')

// A tried call is a struct of its value and its error.
const attempt = C.tryCatalogCall('extract_entities', _.memo).withRetry(2)
expectTypeOf(rowOf(memos.project({ a: attempt }))).toEqualTypeOf<{
  a: { readonly value: Entity[] | null; readonly error: RowErrorValue | null }
}>()
expectTypeOf(rowOf(memos.project({ v: attempt.value, code: attempt.error.code }))).toEqualTypeOf<{
  v: Entity[] | null
  code: string | null
}>()
expectTypeOf(F.tryCatalogCall('any', _.a).field('value')).toEqualTypeOf<Column>()

// What recovers has the type of the call or of the fallback.
expectTypeOf(C.recover(C.catalogCall('score', 1, null), 0)).toEqualTypeOf<Column<number | null>>()
expectTypeOf(C.recover(C.catalogCall('now_text'), F.lit(1))).toEqualTypeOf<Column<string | number>>()

// Each method of a column is carried out somewhere, and nothing is that has no type.
expectTypeOf<Exclude<keyof Column, symbol>>().toEqualTypeOf<
  | OperatorName
  | TextMethodName
  | DateMethodName
  | NestedMethodName
  | StateMethodName
  | CallMethodName
  | 'listTransform'
  | 'listFilter'
  | 'asc'
  | 'desc'
  | 'call'
  | 'toString'
>()
