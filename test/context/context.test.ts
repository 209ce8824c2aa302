import { inspect } from 'node:util'
import { Int32, vectorFromArray } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineFunction, type FunctionDefinition } from '../../catalog/defineFunction.ts'
import type { HandlerContext } from '../../catalog/handlerContext.ts'
import { registerFunction } from '../../catalog/registerFunction.ts'
import { createSecret, resolveSecrets } from '../../catalog/secret.ts'
import type { CallEvent } from '../../udf/callEvents.ts'
import type { InvokeContext } from '../../udf/executor.ts'
import { MainExecutor } from '../../udf/executors/main.ts'
import { invokeHandlerSync } from '../../udf/invokeHandler.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'

const one = { name: 'f', input: { x: 'INTEGER' }, output: 'INTEGER' } as const

async function run(
  definition: FunctionDefinition,
  values: readonly unknown[],
  options: Partial<InvokeContext> = {},
) {
  const fn = registerFunction(definition, null)
  const result = await new MainExecutor().invoke(fn, batchOf(fn, values), contextOf(options))
  const failures = result.failures.map(({ row, error }) => `${row} ${error.code} ${error.message}`)
  return { values: valuesOf(fn, result), failures }
}

/** What the handler of a function gets. */
async function contextIn(options: Partial<InvokeContext> = {}): Promise<HandlerContext> {
  const seen: HandlerContext[] = []
  const handler = async (_: unknown, context: HandlerContext) => {
    seen.push(context)
    return 1
  }
  await run(defineFunction({ ...one, handler }), [1], options)
  return seen[0]!
}

describe('rows that fail alone', () => {
  it('may be thousands, each with what is wrong with it', async () => {
    const definition = defineFunction({
      ...one,
      output: 'TINYINT',
      batching: { maxBatchingSize: 10_000 },
      handler: ({ x }) => x,
    })
    const many = Array.from({ length: 10_000 }, (_, row) => row)
    const { values, failures } = await run(definition, many, { reportsRows: true })
    expect(values).toEqual(many.map((value) => (value < 128 ? value : null)))
    expect(failures).toHaveLength(10_000 - 128)
    expect(failures[0]).toBe(
      "128 FUNCTION_RESULT_INVALID function 'f' (version 1) returned 128 instead of TINYINT, a whole number from -128 to 127 in batch 7, row 128",
    )
  })

  it('are those with an argument that cannot be shown', async () => {
    const base = { name: 'f', input: { id: z.int() }, output: 'DOUBLE' } as const
    for (const definition of [
      defineFunction({ ...base, handler: ({ id }) => id }),
      defineFunction({ ...base, handler: async ({ id }) => id }),
      defineFunction({ ...base, batching: {}, handler: ({ id }) => id }),
    ]) {
      expect(await run(definition, [1, 2n ** 60n, 3, -(2n ** 60n)], { reportsRows: true })).toEqual({
        values: [1, null, 3, null],
        failures: [
          [1, 2n ** 60n],
          [3, -(2n ** 60n)],
        ].map(
          ([row, value]) =>
            `${row} WRONG_ARGUMENTS function 'f' (version 1) cannot take its argument 'id' in batch 7, row ${row}: ${value} is beyond what a number holds exactly\n  declare the column as BIGINT to get it as a bigint`,
        ),
      })
    }
  })

  it('are named by the row of the call where results are no list', async () => {
    const definition = defineFunction({
      ...one,
      output: new Int32(),
      format: 'arrow',
      handler: (table, { rowError }) => {
        rowError('last', table.numRows - 1)
        rowError(new RangeError('first'), 0)
        rowError('too late', 0)
        return vectorFromArray([1, 2, 3], new Int32())
      },
    })
    expect(await run(definition, [1, 2, 3], { reportsRows: true })).toEqual({
      values: [null, 2, null],
      failures: [
        "0 ROW_FAILED function 'f' (version 1) failed in batch 7 of 3 rows, row 0: first",
        "2 ROW_FAILED function 'f' (version 1) failed in batch 7 of 3 rows, row 2: last",
      ],
    })
  })

  it('cannot be named where there is none such', async () => {
    const vector = defineFunction({
      ...one,
      batching: {},
      handler: ({ x }, { rowError }) => x.map(() => rowError('no', 1)),
    })
    expect(await failureOf(run(vector, [1]))).toMatchObject({
      code: 'FUNCTION_FAILED',
      message:
        "function 'f' (version 1) failed in batch 7 of 1 row: function 'f' (version 1) named row 1 to rowError: this call has rows 0 to 0",
    })
    const row = defineFunction({ ...one, handler: (_, { rowError }) => rowError('no', 0) })
    expect((await failureOf(run(row, [1]))).message).toBe(
      "function 'f' (version 1) failed in batch 7 of 1 row, row 0: function 'f' (version 1) named row 0 to rowError: it is called for one row",
    )
  })

  it('are none when the call was cancelled', async () => {
    const controller = new AbortController()
    const definition = defineFunction({
      ...one,
      handler: async (_, { signal }) => {
        controller.abort()
        signal.throwIfAborted()
        return 1
      },
    })
    const failed = failureOf(run(definition, [1, 2], { reportsRows: true, signal: controller.signal }))
    expect(await failed).toMatchObject({ code: 'CANCELLED' })
  })

  it('keep what their rows of the whole batch were', async () => {
    const definition = defineFunction({
      ...one,
      nullHandling: 'propagate',
      handler: ({ x }) => {
        if (x > 1) throw new Error(`no ${x}`)
        return x
      },
    })
    expect(await run(definition, [null, 1, null, 2, null, 3], { reportsRows: true })).toEqual({
      values: [null, 1, null, null, null, null],
      failures: [
        "3 FUNCTION_FAILED function 'f' (version 1) failed in batch 7 of 6 rows, row 3: no 2",
        "5 FUNCTION_FAILED function 'f' (version 1) failed in batch 7 of 6 rows, row 5: no 3",
      ],
    })
  })
})

describe('the context', () => {
  it('is frozen, and works in parts', async () => {
    const context = await contextIn()
    expect(Object.isFrozen(context)).toBe(true)
    expect(Object.isFrozen(context.log)).toBe(true)
    const { span } = context
    expect(span('s', () => 5)).toBe(5)
  })

  it('takes only sums that add up', async () => {
    const { reportUsage } = await contextIn()
    for (const tokens of [Number.NaN, -1, Infinity, 'many']) {
      expect(() => reportUsage({ tokens })).toThrow(
        `function 'f' (version 1) reported usage of ${tokens} tokens; it must be a number, 0 or more`,
      )
    }
  })

  it('measures spans that throw, and throws what they do', async () => {
    const events: CallEvent[] = []
    const { span } = await contextIn({ observer: (_, event) => events.push(event) })
    expect(() =>
      span('a', () => {
        throw new RangeError('broken')
      }),
    ).toThrow(RangeError)
    await expect(span('b', async () => Promise.reject(new RangeError('later')))).rejects.toThrow('later')
    expect(events).toMatchObject([
      { kind: 'span', name: 'a', error: 'broken' },
      { kind: 'span', name: 'b', error: 'later' },
    ])
  })

  it('calls nothing where nothing can be waited for, and says so', async () => {
    const calls: Promise<unknown>[] = []
    const fn = registerFunction(
      defineFunction({
        ...one,
        handler: (_, { call }) => {
          calls.push(call('g', 1))
          return 1
        },
      }),
      null,
    )
    expect(invokeHandlerSync(fn, batchOf(fn, [1]), contextOf()).length).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await failureOf(calls[0]!)).toMatchObject({
      code: 'FUNCTION_RETURNED_PROMISE',
      message:
        "function 'f' (version 1) called function 'g' where it runs inside DuckDB and cannot wait for it\n  declare its handler async, so that it is called outside DuckDB: async ({ … }) => { … }",
    })
  })

  it('is needed by remote calls', async () => {
    const other = defineFunction({ ...one, handler: ({ x }) => x })
    expect(await failureOf(other.remote({ x: 1 }))).toMatchObject({
      code: 'WRONG_ARGUMENTS',
      message:
        "function 'f' was called with remote() outside a handler\n  call it from an async handler of another function, or use F.catalogCall or SQL",
    })
    const misspelt = defineFunction({
      ...one,
      name: 'g',
      handler: async () => other.remote({ y: 1 } as object),
    })
    expect((await failureOf(run(misspelt, [1]))).message).toContain("function 'f' has no argument 'y'")
  })
})

describe('a secret', () => {
  const secret = createSecret('KEY', 'hunter2')

  it('prints as its name, and tells its value only when asked', () => {
    const forms = [
      String(secret),
      JSON.parse(JSON.stringify(secret)),
      inspect(secret),
      inspect({ secret }, { showHidden: true }).slice(10, -2),
    ]
    expect(new Set(forms)).toEqual(new Set(['[secret KEY]']))
    expect(inspect(structuredClone(secret), { showHidden: true })).not.toContain('hunter2')
    expect(secret.reveal()).toBe('hunter2')
  })

  it('comes from the session, else the environment', () => {
    const { signature } = registerFunction(
      defineFunction({ ...one, secrets: ['A', 'B'], handler: ({ x }) => x }),
      null,
    )
    expect(resolveSecrets(signature, { A: '1' }, { A: '2', B: '3', C: '4' })).toEqual({ A: '1', B: '3' })
    expect(() => resolveSecrets(signature, { A: '1' }, { B: '' })).toThrow(
      "function 'f' (version 1) asks for secret 'B', which nobody gave\n  open the session with secrets: { B: … }, or set the environment variable B",
    )
  })

  it('must have a name that the environment could have', () => {
    const named = ['a b']
    expect(() => defineFunction({ ...one, secrets: named, handler: ({ x }) => x })).toThrow(
      "function 'f' has a secret named 'a b'\n  use letters, digits and '_', starting with a letter",
    )
    const notNamed = 'KEY' as never
    expect(() => defineFunction({ ...one, secrets: notNamed, handler: ({ x }) => x })).toThrow(
      "function 'f' has secrets 'KEY'; it must be a list of names",
    )
  })

  it('appears nowhere, of fifty, whatever a handler does with them', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `CANARY_${index}`)
    const secrets = Object.fromEntries(
      names.map((name, index) => [name, `canary-${index}/+ü&"${index * 7919}`]),
    )
    const said: unknown[] = []
    const definition = defineFunction({
      ...one,
      secrets: names,
      handler: async ({ x }, context) => {
        const value = context.secrets[names[x ?? 0]!]!.reveal()
        const forms = Object.values([
          value,
          encodeURIComponent(value),
          ...['', '.', '..'].map((before) => Buffer.from(`${before}${value}`).toString('base64')),
        ]).join(' ')
        context.log.error(forms, { forms: [{ forms }] })
        await context.span(forms, async () => Promise.reject(new Error(forms))).catch(() => undefined)
        context.reportUsage({ key: forms, tokens: 1 })
        throw Object.assign(new Error(forms), { code: forms, request: { forms } })
      },
    })
    const rows = names.map((_, index) => index)
    const fn = registerFunction(definition, null)
    const observer = (_: unknown, event: CallEvent): unknown => said.push(event)
    const context = contextOf({ reportsRows: true, secrets, observer })
    said.push((await new MainExecutor().invoke(fn, batchOf(fn, rows), context)).failures)
    expect(said).toHaveLength(50 * 3 + 1)
    const text = inspect(said, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null })
    for (const value of Object.values(secrets)) {
      expect(text).not.toContain(value)
      expect(text).not.toContain(encodeURIComponent(value))
      for (const before of [0, 1, 2]) {
        const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]).toString('base64')
        expect(text).not.toContain(encoded.slice(4, 16))
      }
    }
    expect(text).toContain('[secret CANARY_49]')
  })
})
