import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineFunction, type FunctionDefinition } from '../../catalog/defineFunction.ts'
import { registerFunction } from '../../catalog/registerFunction.ts'
import { MainExecutor } from '../../udf/executors/main.ts'
import { invokeStream } from '../../udf/invokeStream.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'

const base = { name: 'words', input: { text: 'VARCHAR' }, output: 'VARCHAR' } as const

/** A function that yields words, and what became of its calls. */
function words() {
  const seen: string[] = []
  const definition = defineFunction({
    ...base,
    handler: async function* ({ text }, { signal }) {
      seen.push('begun')
      try {
        for (const word of text?.split(' ') ?? []) {
          await setTimeout(1, null, { signal })
          if (word === 'bad') throw new RangeError('a bad word')
          seen.push(word)
          yield word
        }
        seen.push('done')
      } finally {
        seen.push('ended')
      }
    },
  })
  return { definition, seen }
}

const stream = (definition: FunctionDefinition, args: readonly unknown[], signal?: AbortSignal) =>
  invokeStream(registerFunction(definition, null), args, contextOf(signal === undefined ? {} : { signal }))

const wrongly = (options: object) => () => defineFunction({ ...base, ...options } as never)

/** The items that come, and what they end with. */
async function itemsOf(items: AsyncIterable<unknown>): Promise<{ items: unknown[]; error: string | null }> {
  const taken: unknown[] = []
  try {
    for await (const item of items) taken.push(item)
    return { items: taken, error: null }
  } catch (error) {
    return { items: taken, error: String(error) }
  }
}

describe('a function that yields its result', () => {
  it('has the type of a list of its items', () => {
    const { definition } = words()
    expect(definition).toMatchObject({
      streams: true,
      async: true,
      style: 'row',
      output: { kind: 'list', item: { kind: 'varchar' } },
    })
    expect(registerFunction(definition, null).signature).toMatchObject({ streams: true, executor: 'main' })
  })

  it('is written as an async generator over one row', () => {
    expect(wrongly({ handler: function* () {} })).toThrow(
      "function 'words' has a handler that is a generator\n  make it an async generator: async function* (…) { … }",
    )
    expect(wrongly({ batching: {}, handler: async function* () {} })).toThrow(
      "function 'words' has a handler that is an async generator and batching; it gets one row at a time",
    )
  })

  it('has lists of its items as results, in order', async () => {
    const { definition } = words()
    const fn = registerFunction(definition, null)
    const texts = Array.from({ length: 50 }, (_, row) => (row % 7 === 0 ? null : `w${row} x y`))
    const result = await new MainExecutor().invoke(fn, batchOf(fn, texts), contextOf())
    expect(valuesOf(fn, result)).toEqual(texts.map((text) => text?.split(' ') ?? []))
  })

  it('may yield or return an error for its row', async () => {
    const definition = defineFunction({
      ...base,
      handler: async function* ({ text }, { rowError }) {
        yield 'a'
        if (text === 'yields') yield rowError('yielded')
        if (text === 'returns') return rowError('returned')
        yield 'b'
        return null
      },
    })
    const fn = registerFunction(definition, null)
    const batch = batchOf(fn, ['yields', 'returns', ''])
    const result = await new MainExecutor().invoke(fn, batch, contextOf({ reportsRows: true }))
    expect(valuesOf(fn, result)).toEqual([['a'], ['a'], ['a', 'b']])
    expect(result.failures.map(({ error }) => `${error.code} ${error.message}`)).toEqual([
      "ROW_FAILED function 'words' (version 1) failed after 1 item in batch 7 of 3 rows, row 0: yielded",
      "ROW_FAILED function 'words' (version 1) failed after 1 item in batch 7 of 3 rows, row 1: returned",
    ])
  })

  it('is told to return when its batch is cancelled', async () => {
    const { definition, seen } = words()
    const fn = registerFunction(definition, null)
    const controller = new AbortController()
    const text = Array.from({ length: 1000 }, () => 'w').join(' ')
    const work = new MainExecutor().invoke(fn, batchOf(fn, [text]), contextOf({ signal: controller.signal }))
    await setTimeout(20)
    controller.abort()
    expect(await failureOf(work)).toMatchObject({ code: 'CANCELLED' })
    await setTimeout(10)
    expect(seen.at(-1)).toBe('ended')
  })
})

describe('items as they come', () => {
  it('are given one after the other, as queries show them', async () => {
    const definition = defineFunction({
      name: 'f',
      input: { from: 'INTEGER' },
      output: z.object({ n: z.int(), at: z.date().nullable() }),
      handler: async function* ({ from }) {
        yield { n: from ?? 0, at: new Date(5) }
        yield { n: 2, at: null }
      },
    })
    expect(await itemsOf(stream(definition, [1]))).toEqual({
      items: [
        { n: 1, at: new Date(5) },
        { n: 2, at: null },
      ],
      error: null,
    })
  })

  it('are made when they are asked for, and no sooner', async () => {
    const { definition, seen } = words()
    const items = stream(definition, ['a b c'])
    await setTimeout(5)
    expect(seen).toEqual([])
    expect(await items.next()).toEqual({ done: false, value: 'a' })
    await setTimeout(10)
    expect(seen).toEqual(['begun', 'a'])
    expect(await itemsOf(items)).toEqual({ items: ['b', 'c'], error: null })
    expect(seen).toEqual(['begun', 'a', 'b', 'c', 'done', 'ended'])
  })

  it('stop their handler when nobody reads on', async () => {
    const { definition, seen } = words()
    for await (const item of stream(definition, ['a b c'])) if (item === 'b') break
    await setTimeout(5)
    expect(seen).toEqual(['begun', 'a', 'b', 'ended'])
  })

  it('come before the error that ends them', async () => {
    const { definition, seen } = words()
    expect(await itemsOf(stream(definition, ['a b bad c']))).toEqual({
      items: ['a', 'b'],
      error:
        "EngineError: function 'words' (version 1) failed after 2 items in batch 7 of 1 row, row 0: a bad word",
    })
    expect(seen.at(-1)).toBe('ended')
    const error = await failureOf(stream(definition, ['bad']).next())
    expect(error).toMatchObject({ code: 'FUNCTION_FAILED', details: { itemsYielded: 0 } })
  })

  it('must be of their type', async () => {
    const definition = defineFunction({
      ...base,
      output: 'TINYINT',
      handler: async function* () {
        yield 1
        yield 200
      },
    })
    expect(await itemsOf(stream(definition, ['']))).toEqual({
      items: [1],
      error:
        "EngineError: function 'words' (version 1) yielded 200 instead of TINYINT, a whole number from -128 to 127 after 1 item",
    })
  })

  it('end at once when the signal aborts, between items and while one is waited for', async () => {
    for (const waiting of [true, false]) {
      const { definition, seen } = words()
      const controller = new AbortController()
      const items = stream(definition, ['a b c'], controller.signal)
      expect(await items.next()).toMatchObject({ value: 'a' })
      const next = waiting ? failureOf(items.next()) : null
      controller.abort()
      expect(await (next ?? failureOf(items.next()))).toMatchObject({
        code: 'CANCELLED',
        message: "function 'words' (version 1) was cancelled in batch 7",
      })
      await setTimeout(5)
      expect(seen.at(-1)).toBe('ended')
    }
  })

  it('end when the signal aborts though nobody asks for the next', async () => {
    const { definition, seen } = words()
    const controller = new AbortController()
    const items = stream(definition, ['a b c'], controller.signal)
    await items.next()
    controller.abort()
    await setTimeout(5)
    expect(seen).toEqual(['begun', 'a', 'ended'])
  })

  it('end when the signal aborts though the handler does not listen', async () => {
    const definition = defineFunction({
      ...base,
      handler: async function* () {
        yield 'a'
        await new Promise(() => undefined)
      },
    })
    const controller = new AbortController()
    const items = stream(definition, [''], controller.signal)
    await items.next()
    const next = failureOf(items.next())
    controller.abort()
    expect(await next).toMatchObject({ code: 'CANCELLED' })
  })

  it('are none where a null argument makes the result null', async () => {
    const definition = defineFunction({
      ...base,
      nullHandling: 'propagate',
      handler: async function* ({ text }) {
        yield text
      },
    })
    expect(await itemsOf(stream(definition, [null]))).toEqual({ items: [], error: null })
  })

  it('need arguments that fit, and a function that yields', async () => {
    const { definition } = words()
    expect((await itemsOf(stream(definition, [1]))).error).toBe(
      "EngineError: function 'words' cannot take its argument 'text': got 1 instead of VARCHAR, a string without lone surrogates",
    )
    expect((await itemsOf(stream(definition, []))).error).toMatch(/takes 1 argument, got 0/)
    const plain = defineFunction({ ...base, handler: ({ text }) => text })
    expect((await itemsOf(stream(plain, ['a']))).error).toBe(
      "EngineError: function 'words' (version 1) does not yield its result item by item\n  make its handler an async generator: async function* (…) { … }",
    )
  })

  it('know the call that they belong to', async () => {
    const other = defineFunction({ ...base, name: 'other', handler: ({ text }) => text })
    const definition = defineFunction({
      ...base,
      handler: async function* ({ text }) {
        yield text
        yield await other.remote({ text })
      },
    })
    const fn = registerFunction(definition, null)
    expect(await itemsOf(invokeStream(fn, ['a'], { ...contextOf(), call: async () => ['called'] }))).toEqual({
      items: ['a', 'called'],
      error: null,
    })
  })
})
