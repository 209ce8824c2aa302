import { setTimeout } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { defineFunction, type FunctionDefinition } from '../../catalog/defineFunction.ts'
import { type RegisteredFunction, registerFunction } from '../../catalog/registerFunction.ts'
import { createDispatcher } from '../../udf/dispatcher.ts'
import type { InvokeContext } from '../../udf/executor.ts'
import { MainExecutor } from '../../udf/executors/main.ts'
import { nestedCaller } from '../../udf/nestedCalls.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'

const one = { input: { x: 'INTEGER' }, output: 'INTEGER' } as const

/** Calls the first of some functions, which may call the others, with everything that is done around calls. */
function session(...definitions: readonly FunctionDefinition[]) {
  const executor = new MainExecutor()
  const dispatcher = createDispatcher({ executors: { main: executor, pool: executor } })
  const functions = new Map<string, RegisteredFunction>(
    definitions.map((definition) => [definition.name, registerFunction(definition, null)]),
  )
  const caller = nestedCaller((name) => {
    const registered = functions.get(name)!
    return { registered, policies: registered.signature.policies, secrets: {} }
  }, dispatcher.invoke)
  const first = functions.get(definitions[0]!.name)!
  const call = async (values: readonly unknown[], options: Partial<InvokeContext> = {}) => {
    const { policies } = first.signature
    const context = contextOf({ policies, caller, ...options })
    return valuesOf(first, await dispatcher.invoke(first, batchOf(first, values), context))
  }
  return { call, close: () => dispatcher.close() }
}

const sessions: ReturnType<typeof session>[] = []
const open = (...definitions: readonly FunctionDefinition[]): ReturnType<typeof session>['call'] => {
  const opened = session(...definitions)
  sessions.push(opened)
  return opened.call
}

afterAll(async () => {
  await Promise.all(sessions.map(({ close }) => close()))
})

const sumTo = (concurrency?: number) =>
  defineFunction({
    ...one,
    name: 'sum_to',
    ...(concurrency === undefined ? {} : { concurrency }),
    handler: async ({ x }, { callRows }) => {
      if (x === null || x === 0) return 0
      const [below] = await callRows('sum_to', [[x - 1]])
      return typeof below === 'number' ? below + x : null
    },
  })

describe('a function that calls itself', () => {
  it('never waits for room that it takes itself', async () => {
    const many = Array.from({ length: 200 }, () => 20)
    expect(await open(sumTo())(many)).toEqual(many.map(() => 210))
  })

  it('has a limit of its own for the calls that no call of it waits for', async () => {
    expect(await open(sumTo(1))([20, 3, 4])).toEqual([210, 6, 10])
  })
})

describe('functions that share a limit', () => {
  it('may call one another', async () => {
    const concurrency = { maxConcurrent: 1, key: 'shared by those that call one another' }
    const inner = defineFunction({ ...one, name: 'inner', concurrency, handler: async ({ x }) => x })
    const outer = defineFunction({
      ...one,
      name: 'outer',
      concurrency,
      handler: async ({ x }) => inner.remote({ x }),
    })
    expect(await open(outer, inner)([1, 2, 3])).toEqual([1, 2, 3])
  })

  it('may call themselves in batches', async () => {
    const halve = defineFunction({
      ...one,
      name: 'halve',
      batching: { maxBatchingSize: 2, maxBufferDuration: 5 },
      concurrency: 1,
      handler: async ({ x }, { callRows }) => {
        const rows = x.map((value) => [Math.floor((value ?? 0) / 2)])
        if (x.every((value) => value === 0)) return x.map(() => 0)
        const halves = await callRows('halve', rows)
        return halves.map((depth, row) => (x[row] === 0 ? 0 : Number(depth) + 1))
      },
    })
    expect(await open(halve)([1, 2, 4, 8, 1023])).toEqual([1, 2, 3, 4, 10])
  })
})

describe('a call within a call', () => {
  it('has the deadline, the signal, the observer and the run of the one around it', async () => {
    const seen: object[] = []
    const inner = defineFunction({
      ...one,
      name: 'inner',
      handler: async ({ x }, { deadline, attempt, metadata, log }) => {
        seen.push({ deadline, attempt, metadata })
        log('inside')
        return x
      },
    })
    const outer = defineFunction({ ...one, name: 'outer', handler: async ({ x }) => inner.remote({ x }) })
    const events: string[] = []
    const deadline = Date.now() + 60_000
    const call = open(outer, inner)
    const observer: InvokeContext['observer'] = (called, event) =>
      events.push(`${called.function} ${event.kind}`)
    expect(await call([5], { deadline, metadata: { user: 'x' }, observer })).toEqual([5])
    expect(seen).toEqual([{ deadline, attempt: 1, metadata: null }])
    expect(events).toContain('inner log')
    expect(events).toContain('inner called')
    expect(events).toContain('outer called')
  })

  it('is gathered as its own function says, and no journal knows it by its place', async () => {
    const seen: Partial<InvokeContext>[] = []
    const inner = defineFunction({ ...one, name: 'inner', volatility: 'volatile', handler: ({ x }) => x })
    const fn = registerFunction(inner, null)
    const caller = nestedCaller(
      () => ({ registered: fn, policies: fn.signature.policies, secrets: {} }),
      async (_, batch, context) => {
        seen.push(context)
        return { column: batch.columns[0]!, failures: [] }
      },
    )
    const run = { journal: 'a run', spending: null, onEnd: () => undefined }
    const from = contextOf({ batching: null, site: 3, source: null, run })
    expect(await caller({ function: 'inner', rows: [[1], [2]], chain: ['outer'] }, from)).toEqual([1, 2])
    expect(seen).toMatchObject([{ chain: ['outer'], run: { journal: null } }])
    for (const key of ['batching', 'site', 'source']) expect(seen[0]).not.toHaveProperty(key)
  })

  it('is cancelled with it', async () => {
    let began = false
    let ended = false
    const inner = defineFunction({
      ...one,
      name: 'inner',
      handler: async ({ x }, { signal }) => {
        began = true
        await setTimeout(60_000, null, { signal }).finally(() => {
          ended = true
        })
        return x
      },
    })
    const outer = defineFunction({ ...one, name: 'outer', handler: async ({ x }) => inner.remote({ x }) })
    const controller = new AbortController()
    const call = failureOf(open(outer, inner)([5], { signal: controller.signal }))
    await expect.poll(() => began).toBe(true)
    controller.abort()
    expect(await call).toMatchObject({ code: 'CANCELLED' })
    await expect.poll(() => ended).toBe(true)
  })

  it('that fails and is not waited for fails nothing', async () => {
    const inner = defineFunction({
      ...one,
      name: 'inner',
      handler: async () => {
        throw new Error('unheard')
      },
    })
    const outer = defineFunction({
      ...one,
      name: 'outer',
      handler: async ({ x }, { call }) => {
        void call('inner', x)
        return x
      },
    })
    expect(await open(outer, inner)([5])).toEqual([5])
    await setTimeout(20)
  })

  it('tells its own failure within that of the one around it', async () => {
    const inner = defineFunction({
      ...one,
      name: 'inner',
      handler: async () => {
        throw Object.assign(new Error('busy'), { status: 503 })
      },
    })
    const outer = defineFunction({ ...one, name: 'outer', handler: async ({ x }) => inner.remote({ x }) })
    expect((await failureOf(open(outer, inner)([5]))).message).toBe(
      "function 'outer' (version 1) failed in batch 7 of 1 row, row 0: function 'inner' (version 1) failed in batch 7 of 1 row, row 0: busy",
    )
  })

  it('of functions that call one another without end is an error that shows them', async () => {
    const a: FunctionDefinition = defineFunction({
      ...one,
      name: 'a',
      handler: async ({ x }, { callRows }) => Number((await callRows('b', [[x]]))[0]),
    })
    const b = defineFunction({
      ...one,
      name: 'b',
      handler: async ({ x }, { callRows }) => Number((await callRows('a', [[x]]))[0]),
    })
    expect(await failureOf(open(a, b)([1]))).toMatchObject({
      code: 'DEFINITION_INVALID',
      message: expect.stringMatching(/^functions call one another 33 deep: a → b → a\n/),
    })
  })
})
