import { Field, Float64, Int32, Int64, List, type Table, Utf8, type Vector } from 'apache-arrow'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { defineFunction } from '../../catalog/defineFunction.ts'

// One row at a time: values or null, in the types of the inputs.
defineFunction({
  name: 'row',
  input: {
    text: z.string(),
    count: 'BIGINT',
    tags: 'VARCHAR[]',
    point: 'STRUCT(x DOUBLE, "a name" VARCHAR[], inner STRUCT(n INTEGER))',
    price: 'DECIMAL(18, 3)',
    kind: "ENUM('a', 'b')",
    either: 'UNION(n INTEGER, s VARCHAR)',
    scores: 'MAP(VARCHAR, DOUBLE)',
    at: z.date(),
    id: z.int(),
    nested: z.object({
      n: z.int32(),
      labels: z.array(z.string()).optional(),
      by: z.record(z.string(), z.number()),
    }),
    arrow: new List(new Field('item', new Utf8(), true)),
    long: new Int64(),
  },
  output: z.string(),
  handler: (row, context) => {
    expectTypeOf(row.text).toEqualTypeOf<string | null>()
    expectTypeOf(row.count).toEqualTypeOf<bigint | null>()
    expectTypeOf(row.tags).toEqualTypeOf<(string | null)[] | null>()
    expectTypeOf(row.point?.x).toEqualTypeOf<number | null | undefined>()
    expectTypeOf(row.point?.['a name']).toEqualTypeOf<(string | null)[] | null | undefined>()
    expectTypeOf(row.point?.inner?.n).toEqualTypeOf<number | null | undefined>()
    expectTypeOf(row.price).toEqualTypeOf<string | null>()
    expectTypeOf(row.kind).toEqualTypeOf<'a' | 'b' | null>()
    expectTypeOf(row.either).toEqualTypeOf<
      { tag: 'n'; value: number | null } | { tag: 's'; value: string | null } | null
    >()
    expectTypeOf(row.scores).toEqualTypeOf<Map<string, number | null> | null>()
    expectTypeOf(row.at).toEqualTypeOf<Date | null>()
    expectTypeOf(row.id).toEqualTypeOf<number | null>()
    expectTypeOf(row.nested).toEqualTypeOf<{
      n: number
      labels: string[] | null
      by: Map<string, number>
    } | null>()
    expectTypeOf(row.arrow).toEqualTypeOf<(string | null)[] | null>()
    expectTypeOf(row.long).toEqualTypeOf<bigint | null>()
    expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(context.metadata).toEqualTypeOf<Readonly<Record<string, unknown>> | null>()
    // @ts-expect-error: there is no such input
    void row.missing
    return row.text
  },
})

// A list a column.
defineFunction({
  name: 'batch',
  input: { memo: z.string(), amount: 'DOUBLE' },
  output: 'DOUBLE',
  batching: { maxBatchingSize: 512 },
  handler: ({ memo, amount }) => {
    expectTypeOf(memo).toEqualTypeOf<readonly (string | null)[]>()
    expectTypeOf(amount).toEqualTypeOf<readonly (number | null)[]>()
    return amount
  },
})

// Without nulls numbers come as typed arrays.
defineFunction({
  name: 'propagate',
  input: {
    a: 'DOUBLE',
    b: z.number(),
    c: z.int32(),
    d: z.float32(),
    e: z.uint32(),
    f: z.int(),
    g: z.bigint(),
    h: z.uint64(),
    i: 'BIGINT',
    j: new Int32(),
    k: new Float64(),
    memo: z.string(),
    flag: 'BOOLEAN',
  },
  output: 'DOUBLE',
  nullHandling: 'propagate',
  batching: {},
  handler: (columns) => {
    expectTypeOf(columns.a).toEqualTypeOf<Float64Array>()
    expectTypeOf(columns.b).toEqualTypeOf<Float64Array>()
    expectTypeOf(columns.c).toEqualTypeOf<Int32Array>()
    expectTypeOf(columns.d).toEqualTypeOf<Float32Array>()
    expectTypeOf(columns.e).toEqualTypeOf<Uint32Array>()
    expectTypeOf(columns.f).toEqualTypeOf<Float64Array>()
    expectTypeOf(columns.g).toEqualTypeOf<BigInt64Array>()
    expectTypeOf(columns.h).toEqualTypeOf<BigUint64Array>()
    expectTypeOf(columns.i).toEqualTypeOf<BigInt64Array>()
    expectTypeOf(columns.j).toEqualTypeOf<Int32Array>()
    expectTypeOf(columns.k).toEqualTypeOf<Float64Array>()
    expectTypeOf(columns.memo).toEqualTypeOf<readonly string[]>()
    expectTypeOf(columns.flag).toEqualTypeOf<readonly boolean[]>()
    return columns.a.map((x) => x * 2 + 1)
  },
})
defineFunction({
  name: 'propagate_row',
  input: { memo: 'VARCHAR' },
  output: 'VARCHAR',
  nullHandling: 'propagate',
  handler: ({ memo }) => {
    expectTypeOf(memo).toEqualTypeOf<string>()
    return memo.toUpperCase()
  },
})

// Arrow.
defineFunction({
  name: 'arrow',
  input: { memo: new Utf8() },
  output: new Float64(),
  format: 'arrow',
  handler: (table) => {
    expectTypeOf(table).toEqualTypeOf<Table>()
    return table.getChildAt<Float64>(0)!
  },
})
defineFunction({
  name: 'arrow_wrong',
  input: {},
  output: new Float64(),
  format: 'arrow',
  // @ts-expect-error: a vector of another type
  handler: (table): Vector<Utf8> => table.getChildAt<Utf8>(0)!,
})

// Results are checked against the output; null is always allowed, a promise too.
const kinds = z.array(
  z.object({ kind: z.enum(['person', 'place']), text: z.string(), note: z.string().optional() }),
)
defineFunction({ name: 'f', input: {}, output: kinds, handler: () => [{ kind: 'person', text: 'Ada' }] })
defineFunction({ name: 'f', input: {}, output: kinds, handler: async () => null })
// @ts-expect-error: no such kind
defineFunction({ name: 'f', input: {}, output: kinds, handler: () => [{ kind: 'thing', text: 'Ada' }] })
// @ts-expect-error: a field is missing
defineFunction({ name: 'f', input: {}, output: kinds, handler: () => [{ kind: 'person' }] })
// @ts-expect-error: a number is no string
defineFunction({ name: 'f', input: {}, output: z.string(), handler: () => 1 })
// @ts-expect-error: a number is no bigint
defineFunction({ name: 'f', input: {}, output: 'BIGINT', handler: async () => 1 })
// @ts-expect-error: nothing is returned
defineFunction({ name: 'f', input: {}, output: 'VARCHAR', handler: () => {} })
// @ts-expect-error: one value, where a list of them is needed
defineFunction({ name: 'f', input: {}, output: 'BIGINT', batching: {}, handler: () => 1n })
defineFunction({ name: 'f', input: {}, output: 'DOUBLE', batching: {}, handler: () => new Float32Array(3) })
defineFunction({ name: 'f', input: {}, output: 'DOUBLE[]', handler: () => new Float32Array(3) })
defineFunction({ name: 'f', input: {}, output: z.array(z.float32()), handler: () => new Float32Array(3) })
// @ts-expect-error: a string is no list of strings
defineFunction({ name: 'f', input: {}, output: 'VARCHAR[]', handler: () => 'abc' })
// @ts-expect-error: a field is missing
defineFunction({ name: 'f', input: {}, output: 'STRUCT(a INTEGER)', handler: () => ({ b: 2 }) })
// @ts-expect-error: no such option
defineFunction({ name: 'f', input: {}, output: 'VARCHAR', handler: () => null, bacthing: {} })
// @ts-expect-error: no such volatility
defineFunction({ name: 'f', input: {}, output: 'VARCHAR', handler: () => null, volatility: 'random' })

// A definition remembers its types.
const shout = defineFunction({
  name: 'shout',
  input: { memo: z.string() },
  output: 'VARCHAR',
  handler: ({ memo }) => memo,
})
expectTypeOf<NonNullable<typeof shout.types>>().toEqualTypeOf<{
  readonly input: { readonly memo: z.ZodString }
  readonly output: 'VARCHAR'
}>()

// The handler of the README: a function over values, mapped over a list.
const findEntities = (memo: string | null): { kind: 'person' | 'place'; text: string }[] =>
  memo === null ? [] : [{ kind: 'person', text: memo }]
defineFunction({
  name: 'extract_entities',
  input: { memo: z.string() },
  output: z.array(z.object({ kind: z.enum(['person', 'place']), text: z.string() })),
  batching: { maxBatchingSize: 512, maxBufferDuration: 20 },
  handler: ({ memo }) => memo.map(findEntities),
})

// Dates may be returned as JavaScript has them.
defineFunction({ name: 'f', input: {}, output: 'TIMESTAMP', handler: () => new Date() })
defineFunction({ name: 'f', input: {}, output: 'TIMESTAMP_NS', handler: () => 0n })
defineFunction({ name: 'f', input: {}, output: 'DATE', handler: () => new Date() })
defineFunction({
  name: 'f',
  input: {},
  output: 'INTERVAL',
  handler: () => ({ months: 1, days: 0, micros: 0n }),
})
// @ts-expect-error: text is no date
defineFunction({ name: 'f', input: {}, output: 'DATE', handler: () => '2024-01-01' })
// @ts-expect-error: a time has no date
defineFunction({ name: 'f', input: {}, output: 'TIME', handler: () => new Date() })

// Literals keep their types.
const label = {
  name: 'f',
  input: { memo: z.string() },
  output: z.object({ kind: z.enum(['word', 'number']) }),
} as const
defineFunction({ ...label, handler: ({ memo }) => ({ kind: memo === '1' ? 'number' : 'word' }) })
defineFunction({ ...label, handler: async ({ memo }) => (memo === null ? null : { kind: 'word' }) })
defineFunction({ ...label, batching: {}, handler: ({ memo }) => memo.map(() => ({ kind: 'word' })) })

// Lists of results.
const lists = { name: 'f', input: { n: 'INTEGER' }, batching: {} } as const
// @ts-expect-error: text has a length, but is no list
defineFunction({ ...lists, output: 'VARCHAR', handler: ({ n }) => 'x'.repeat(n.length) })
defineFunction({ ...lists, output: 'BIGINT', handler: ({ n }) => new BigInt64Array(n.length) })
// @ts-expect-error: bigints are no numbers
defineFunction({ ...lists, output: 'DOUBLE', handler: ({ n }) => new BigInt64Array(n.length) })

// What a handler may do beside its work.
defineFunction({
  name: 'context',
  input: { memo: 'VARCHAR' },
  output: 'INTEGER',
  secrets: ['API_KEY'],
  handler: async ({ memo }, context) => {
    expectTypeOf(context.secrets.API_KEY.reveal()).toEqualTypeOf<string>()
    // @ts-expect-error: not among its secrets
    void context.secrets.OTHER
    expectTypeOf(context.span('count', () => memo?.length ?? 0)).toEqualTypeOf<number>()
    expectTypeOf(context.call('length', memo)).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(shout.remote({ memo })).toEqualTypeOf<Promise<string | null>>()
    // @ts-expect-error: a number is no string
    void shout.remote({ memo: 1 })
    // @ts-expect-error: there is no such input
    void shout.remote({ text: memo })
    context.reportUsage({ tokens: 10, key: 'team' })
    context.log.warn('slow', { milliseconds: 5 })
    return memo === null ? context.rowError('no memo') : memo.length
  },
})

// Errors stand among the results of a batch.
defineFunction({ ...lists, output: 'BIGINT', handler: ({ n }, { rowError }) => n.map(() => rowError('no')) })
defineFunction({
  ...lists,
  output: 'BIGINT',
  handler: ({ n }, { rowError }) => n.map((value) => (value === null ? rowError('no') : 1n)),
})

// Generators yield items of their output; as a whole their results are lists. What is yielded keeps no literal types by itself.
const words = defineFunction({
  name: 'words',
  input: { memo: z.string() },
  output: z.object({ kind: z.enum(['word', 'number']) }),
  handler: async function* ({ memo }, { rowError }) {
    expectTypeOf(memo).toEqualTypeOf<string | null>()
    if (memo === null) return rowError('no memo')
    yield { kind: 'word' as const }
    yield null
    return null
  },
})
expectTypeOf<Awaited<ReturnType<typeof words.remote>>>().toEqualTypeOf<{ kind: 'word' | 'number' }[] | null>()
const numbers = defineFunction({
  name: 'numbers',
  input: {},
  output: 'BIGINT',
  handler: async function* () {
    yield 1n
  },
})
expectTypeOf<NonNullable<typeof numbers.types>['output']>().toEqualTypeOf<'BIGINT[]'>()
defineFunction({
  name: 'f',
  input: {},
  output: 'BIGINT',
  // @ts-expect-error: a number is no bigint
  handler: async function* () {
    yield 1
  },
})
defineFunction({
  ...lists,
  output: 'BIGINT',
  // @ts-expect-error: it gets one row at a time
  handler: async function* () {
    yield 1n
  },
})

// What a startup gives is the state of the handler, and goes to the shutdown.
class Model {
  readonly size = 1
}
defineFunction({
  name: 'stateful',
  input: { memo: 'VARCHAR' },
  output: 'INTEGER',
  secrets: ['API_KEY'],
  onStartup: async ({ secrets, log, signal, function: name }) => {
    expectTypeOf(secrets.API_KEY.reveal()).toEqualTypeOf<string>()
    // @ts-expect-error: not among its secrets
    void secrets.OTHER
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    log(name)
    return new Model()
  },
  onShutdown: (model) => expectTypeOf(model).toEqualTypeOf<Model>(),
  handler: ({ memo }, { state, secrets }) => {
    expectTypeOf(state).toEqualTypeOf<Model>()
    expectTypeOf(secrets.API_KEY.reveal()).toEqualTypeOf<string>()
    return memo === null ? null : state.size
  },
  isolation: 'process',
  resources: { memory: '1GB' },
})
defineFunction({
  ...lists,
  output: 'BIGINT',
  onStartup: () => new Map([['a', 1n]]),
  handler: ({ n }, { state }) => {
    expectTypeOf(state).toEqualTypeOf<Map<string, bigint>>()
    return n.map(() => state.get('a') ?? null)
  },
})
defineFunction({
  name: 'f',
  input: {},
  output: 'BIGINT',
  onStartup: () => ({ from: 1n }),
  handler: async function* (_, { state }) {
    expectTypeOf(state).toEqualTypeOf<{ from: bigint }>()
    yield state.from
  },
})
defineFunction({
  name: 'f',
  input: {},
  output: 'BIGINT',
  handler: (_, { state }) => {
    expectTypeOf(state).toEqualTypeOf<undefined>()
    return 1n
  },
})
defineFunction({
  name: 'f',
  input: {},
  output: 'BIGINT',
  onStartup: () => 1,
  // @ts-expect-error: a number is no string
  onShutdown: (state: string) => state.length,
  handler: () => 1n,
})
// @ts-expect-error: no such isolation
defineFunction({ name: 'f', input: {}, output: 'VARCHAR', handler: () => null, isolation: 'thread' })
