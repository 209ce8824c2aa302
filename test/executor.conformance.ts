import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultPolicies } from '../catalog/policy/policies.ts'
import { type RegisteredFunction, registerFunction } from '../catalog/registerFunction.ts'
import type { Batch } from '../src/arrow/column.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { EngineError } from '../src/base/errors.ts'
import type { CallEvent, CallObserver } from '../udf/callEvents.ts'
import type { CallResult, Executor, InvokeContext } from '../udf/executor.ts'
import { nestedCaller } from '../udf/nestedCalls.ts'
import * as fixtures from './fixtures/functions/conformance.ts'
import { contextOf, failureOf } from './invocations.ts'

const url = new URL('./fixtures/functions/conformance.ts', import.meta.url).href

const definitions = { ...fixtures }
const functions = new Map<string, RegisteredFunction>()

/** A function of the fixtures, registered so that every executor finds it. */
export function registered(exportName: keyof typeof definitions): RegisteredFunction {
  const fn = functions.get(exportName) ?? registerFunction(definitions[exportName], { url, exportName }, 2)
  functions.set(exportName, fn)
  return fn
}

/** A batch of the function's inputs, a list of values each. */
export function batchOf(
  { signature }: RegisteredFunction,
  ...columns: readonly (readonly unknown[])[]
): Batch {
  const encoded = signature.inputs.map(({ type }, index) => encodeColumn(type, columns[index] ?? []))
  return { length: columns[0]?.length ?? 0, columns: encoded }
}

export function valuesOf(
  { signature }: RegisteredFunction,
  { column }: Pick<CallResult, 'column'>,
): unknown[] {
  expect(column.length).toBe(decodeColumn(signature.output, column).length)
  return Array.from(decodeColumn(signature.output, column))
}

const oneToTen = Array.from({ length: 10 }, (_, index) => index + 1)

export interface ExecutorPlace {
  /** Whether handlers run in a program of their own, whose secrets and functions are its own too. Default false. */
  readonly isElsewhere?: boolean
}

/** The contract of `Executor`: every executor passes it. */
export function describeExecutor(
  name: string,
  create: () => Executor,
  { isElsewhere = false }: ExecutorPlace = {},
): void {
  describe(`the ${name} executor`, () => {
    let executor: Executor

    const call = async (
      exportName: keyof typeof definitions,
      columns: readonly (readonly unknown[])[],
      options: Partial<InvokeContext> = {},
    ): Promise<unknown[]> => {
      const fn = registered(exportName)
      return valuesOf(fn, await executor.invoke(fn, batchOf(fn, ...columns), contextOf(options)))
    }
    const failure = async (exportName: keyof typeof definitions, column: readonly unknown[] = oneToTen) =>
      failureOf(call(exportName, [column]))

    const odd = async (exportName: keyof typeof definitions, values: readonly unknown[]) => {
      const fn = registered(exportName)
      const result = await executor.invoke(fn, batchOf(fn, values), contextOf({ reportsRows: true }))
      const failures = result.failures.map(({ row, error }) => `${row} ${error.code} ${error.message}`)
      return { values: valuesOf(fn, result), failures, errors: result.failures.map(({ error }) => error) }
    }

    beforeAll(async () => {
      executor = create()
      await executor.open()
    })
    afterAll(async () => executor.close())

    it('gives as many rows as it gets, in order, for every style', async () => {
      expect(await call('upper', [['a', null, 'ß', '', '😀x']])).toEqual(['A', null, 'SS', '', '😀X'])
      expect(await call('upperRow', [['a', null, 'b']])).toEqual(['A', null, 'B'])
      expect(
        await call('arrow', [
          ['a', 'b', null],
          [1.5, null, -0],
        ]),
      ).toEqual([1.5, null, -0])
      expect(await call('entities', [['a 12', null, '']])).toEqual([
        [
          { kind: 'word', text: 'a', at: 0 },
          { kind: 'number', text: '12', at: 2 },
        ],
        null,
        [],
      ])
    })

    it('gives no rows for none', async () => {
      for (const exportName of ['upper', 'upperRow', 'throwsBatch', 'waits', 'waitsRow'] as const) {
        expect(await call(exportName, [[]])).toEqual([])
      }
      expect(await call('arrow', [[], []])).toEqual([])
    })

    it('leaves out rows with a null argument where nulls propagate', async () => {
      expect(
        await call('scale', [
          [1, null, 3, 4],
          [10, 10, null, 0.5],
        ]),
      ).toEqual([10, null, null, 2])
      expect(
        await call('scale', [
          [null, null],
          [1, 2],
        ]),
      ).toEqual([null, null])
      expect(
        await call('scale', [
          [1, 2],
          [3, 4],
        ]),
      ).toEqual([3, 8])
    })

    it('leaves alone what a handler keeps', async () => {
      expect(await call('ownArray', [[0, 0, 0]])).toEqual([1, 2, 3])
      expect(await call('ownArray', [[0, 0, 0]])).toEqual([1, 2, 3])
    })

    it('does not change its input, though it may take it away', async () => {
      for (const exportName of ['upper', 'upperRow'] as const) {
        const fn = registered(exportName)
        const batch = batchOf(fn, ['a', null, 'a longer text, beyond twelve bytes'])
        const before = structuredClone(batch)
        await executor.invoke(fn, batch, contextOf())
        const [column] = batch.columns
        if (column?.values?.byteLength !== 0) expect(batch).toEqual(before)
      }
    })

    it('tells handlers where they are', async () => {
      const fn = registered('context')
      const column = await executor.invoke(
        fn,
        { length: 2, columns: [] },
        contextOf({ metadata: { user: 'x' } }),
      )
      expect(valuesOf(fn, column).map((text) => JSON.parse(String(text)))).toEqual(
        Array.from({ length: 2 }, () => ({
          function: 'context',
          version: 2,
          batch: 7,
          firstRow: 1000,
          rows: 2,
          metadata: { user: 'x' },
          attempt: 1,
          deadline: null,
          secrets: {},
          aborted: false,
        })),
      )
    })

    it('waits for promises, many at once, and keeps their order', async () => {
      const numbers = Array.from({ length: 100 }, (_, index) => index)
      expect(await call('waitsRow', [numbers])).toEqual(numbers)
      expect(await call('promises', [numbers])).toEqual(numbers)
      const batches = await Promise.all(numbers.map((number) => call('waits', [[number, null]])))
      expect(batches).toEqual(numbers.map((number) => [number, null]))
      const [most] = await call('mostAtOnce', [[0]])
      expect(most).toBeGreaterThan(4)
      expect(most).toBeLessThanOrEqual(32)
    })

    it('works on many batches of many functions at once', async () => {
      const results = await Promise.all(
        oneToTen.flatMap((number) => [
          call('upper', [[`a${number}`]]),
          call('waits', [[number]]),
          call('scale', [[number], [2]]),
        ]),
      )
      expect(results).toEqual(oneToTen.flatMap((number) => [[`A${number}`], [number], [number * 2]]))
    })

    it('fails with the function, version, batch and row', async () => {
      for (const [exportName, label] of [
        ['throws', 'throws'],
        ['rejects', 'rejects'],
      ] as const) {
        const { code, message, details } = await failure(exportName)
        expect({ code, message }).toEqual({
          code: 'FUNCTION_FAILED',
          message: `function '${label}' (version 2) failed in batch 7 of 10 rows, row 2: three is too much`,
        })
        expect(details).toMatchObject({ function: label, version: 2, batch: 7, batchRows: 10, row: 2 })
        expect(details.functionStack).toMatch(/^RangeError: three is too much\n[^]*conformance\.ts/)
      }
      expect(await failure('throwsBatch')).toMatchObject({
        code: 'FUNCTION_FAILED',
        message: "function 'throws_batch' (version 2) failed in batch 7 of 10 rows: nothing works",
      })
    })

    it('refuses results that are too few, no list, or out of range', async () => {
      expect(await failure('tooFew')).toMatchObject({
        code: 'FUNCTION_RESULT_ROWS',
        message: "function 'too_few' (version 2) returned 9 results for 10 rows in batch 7",
        details: { function: 'too_few', version: 2, batch: 7, batchRows: 10 },
      })
      expect(await failure('noList')).toMatchObject({
        code: 'FUNCTION_RESULT_INVALID',
        message: "function 'no_list' (version 2) returned a string instead of a list in batch 7",
      })
      expect(await failure('outOfRange')).toMatchObject({
        code: 'FUNCTION_RESULT_INVALID',
        details: { function: 'out_of_range', version: 2, batch: 7, row: 1 },
      })
    })

    it('tells the rows that fail alone where it is asked to, beside the others', async () => {
      const values = [1, 3, null, 4, 5, 6]
      for (const [exportName, label] of [
        ['oddRows', 'odd_rows'],
        ['oddRowsAsync', 'odd_rows_async'],
        ['oddList', 'odd_list'],
      ] as const) {
        const { failures, errors, ...results } = await odd(exportName, values)
        expect(results.values).toEqual([1, null, null, null, null, 6])
        const code = exportName === 'oddList' ? 'ROW_FAILED' : 'FUNCTION_FAILED'
        const failed = `function '${label}' (version 2) failed in batch 7 of 6 rows`
        expect(failures).toEqual([
          `1 ${code} ${failed}, row 1: three is too much`,
          `3 ROW_FAILED ${failed}, row 3: four is no better`,
          `4 FUNCTION_RESULT_INVALID function '${label}' (version 2) returned 500 instead of TINYINT, a whole number from -128 to 127 in batch 7, row 4`,
        ])
        expect(errors[0]).toMatchObject({ cause: { name: 'RangeError', message: 'three is too much' } })
        if (exportName === 'oddList') continue
        expect(errors[0]).toMatchObject({
          cause: { status: 429, retryAfter: 2 },
          details: { retryAfter: 2000 },
        })
      }
      const vector = await odd('oddVector', [1, 3, null, 500, 6])
      expect(vector.values).toEqual([1, null, null, null, 6])
      expect(vector.failures.map((text) => text.slice(0, 26))).toEqual([
        "1 ROW_FAILED function 'odd",
        '3 FUNCTION_RESULT_INVALID ',
      ])
      expect((await odd('oddRows', [1, 2])).failures).toEqual([])
    })

    it('fails the batch with the first row that fails where it is not', async () => {
      expect(await failure('oddRows', [1, 4, 3])).toMatchObject({ code: 'ROW_FAILED', details: { row: 1 } })
      expect(await failure('oddList', [5, 4, 3])).toMatchObject({ code: 'ROW_FAILED', details: { row: 1 } })
      expect(await failure('oddVector', [5, 4, 3])).toMatchObject({ code: 'ROW_FAILED', details: { row: 2 } })
      expect(await failure('oddList', [1, 5])).toMatchObject({ code: 'FUNCTION_RESULT_INVALID' })
    })

    it('leaves a batch that is needed again as it was, whatever its handler does with it', async () => {
      for (const exportName of ['overwrites', 'scale'] as const) {
        const fn = registered(exportName)
        const batch = batchOf(fn, ...fn.signature.inputs.map(() => [1, 2, 3]))
        const before = structuredClone(batch)
        for (const attempt of [1, 2]) {
          const result = await executor.invoke(fn, batch, contextOf({ keepsInput: true, attempt }))
          expect(valuesOf(fn, result)).toEqual(exportName === 'overwrites' ? [7, 7, 7] : [1, 4, 9])
          expect(batch).toEqual(before)
        }
      }
      const deadline = Date.UTC(2100)
      expect(await call('attempts', [[1]], { attempt: 3, deadline })).toEqual([`3 ${deadline}`])
    })

    it('passes on what handlers report, in order, as plain data', async () => {
      const events: CallEvent[] = []
      const observer: CallObserver = (called, event) => {
        expect(called).toEqual({ function: 'talks', version: 2 })
        expect(structuredClone(event)).toEqual(event)
        events.push(event)
      }
      expect(await call('talks', [[1]], { observer })).toEqual([2])
      const span = { kind: 'span', batch: 7, firstRow: 1000, attempt: 1 }
      expect(events).toMatchObject([
        {
          kind: 'log',
          level: 'info',
          message: 'begins',
          fields: { x: 1, at: ['1970-01-01T00:00:00.000Z', '5', 'no'], self: 'a function' },
        },
        { kind: 'log', level: 'debug', message: 'in between', fields: {} },
        { ...span, id: 2, parent: 1, name: 'inner', error: null },
        { ...span, id: 1, parent: null, name: 'outer', error: null },
        { kind: 'usage', key: 'team', units: { tokens: 10, dollars: 0.5 } },
        { ...span, id: 3, parent: null, name: 'fails', error: 'broken' },
        { kind: 'log', level: 'warn', message: 'ends' },
      ])
    })

    it.skipIf(isElsewhere)('lets handlers call functions', async () => {
      const found: string[] = []
      const caller = nestedCaller(
        (label) => {
          found.push(label)
          const exportName = (
            { upper_row: 'upperRow', factorial: 'factorial', calls_other: 'callsOther' } as const
          )[label]
          if (exportName === undefined)
            throw new EngineError('UNKNOWN_FUNCTION', `unknown catalog function '${label}'`)
          return { registered: registered(exportName), policies: defaultPolicies, secrets: {} }
        },
        (...args) => executor.invoke(...args),
      )
      const rows = [
        [1, 2],
        [null, 'upper_row'],
      ]
      expect(await call('callsOther', rows, { caller })).toEqual(['ROW 1,A,,B,REMOTE', 'ROW 2,A,,B,REMOTE'])
      expect(new Set(found)).toEqual(new Set(['upper_row']))
      expect(await call('factorial', [[0, 5, 20]], { caller })).toEqual([1n, 120n, 2432902008176640000n])
      const many = Array.from({ length: 100 }, () => 6)
      expect(await call('factorial', [many], { caller })).toEqual(many.map(() => 720n))
      expect(await failureOf(call('factorial', [[40]], { caller }))).toMatchObject({
        code: 'DEFINITION_INVALID',
        message:
          'functions call one another 33 deep: factorial → factorial\n  a call may wait for a call, 32 deep; let one of them end without calling the next',
      })
      expect(await failureOf(call('callsOther', [[1], ['nothing']], { caller }))).toMatchObject({
        code: 'FUNCTION_FAILED',
        message:
          "function 'calls_other' (version 2) failed in batch 7 of 1 row, row 0: unknown catalog function 'nothing'",
      })
    })

    it.skipIf(isElsewhere)('gives handlers their secrets, and nobody else', async () => {
      const secrets = { API_KEY: 'sk-1 "äß"/+&9' }
      expect(await call('tells', [['shown']], { secrets })).toEqual([
        '[secret API_KEY] {"key":"[secret API_KEY]"} 13',
      ])
      const events: CallEvent[] = []
      const observer: CallObserver = (_, event) => events.push(event)
      const error = await call('tells', [['']], { secrets, observer }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        message:
          "function 'tells' (version 2) failed in batch 7 of 1 row, row 0: refused [secret API_KEY] [secret API_KEY] [secret API_KEY]",
      })
      expect(events).toMatchObject([
        {
          message: 'the key is [secret API_KEY] [secret API_KEY] [secret API_KEY]',
          fields: { '[secret API_KEY]': ['[secret API_KEY]'] },
        },
      ])
      const shown = inspect([error, events], { depth: 20, showHidden: true }) + JSON.stringify(error)
      expect(shown).not.toContain('sk-1')
      expect(shown).not.toContain('c2stMSAi')
      expect(await failure('tells', ['shown'])).toMatchObject({
        code: 'SECRET_MISSING',
        message:
          "function 'tells' (version 2) asks for secret 'API_KEY', which nobody gave\n  open the session with secrets: { API_KEY: … }, or set the environment variable API_KEY",
      })
    })

    it('makes lists of what handlers yield', async () => {
      expect(await call('counts', [[null, -1]])).toEqual([
        [0, 1, 2, 3, 4],
        [0, 1, 2, 3, 4],
      ])
      expect(await failure('counts', [3])).toMatchObject({
        code: 'FUNCTION_FAILED',
        message: "function 'counts' (version 2) failed after 3 items in batch 7 of 1 row, row 0: not 3",
        details: { itemsYielded: 3 },
      })
      const fn = registered('counts')
      const result = await executor.invoke(fn, batchOf(fn, [2, 9, 0]), contextOf({ reportsRows: true }))
      expect(valuesOf(fn, result)).toEqual([[0, 1], [0, 1, 2, 3, 4], []])
      expect(result.failures.map(({ row, error }) => [row, error.details.itemsYielded])).toEqual([
        [0, 2],
        [2, 0],
      ])
    })

    it('goes on after failures', async () => {
      await failure('throws')
      expect(await call('upper', [['a']])).toEqual(['A'])
    })

    it('does not begin when the signal has aborted', async () => {
      const signal = AbortSignal.abort()
      expect(await failureOf(call('upper', [['a']], { signal }))).toEqual({
        code: 'CANCELLED',
        message: "function 'upper_batch' (version 2) was cancelled in batch 7",
        details: { function: 'upper_batch', version: 2, batch: 7 },
      })
    })

    it('stops waiting as soon as the signal aborts, for one as for many batches', async () => {
      const controller = new AbortController()
      const { signal } = controller
      const work = oneToTen.map((number) => failureOf(call('untilCancelled', [[number]], { signal })))
      await new Promise((resolve) => setTimeout(resolve, 50))
      const started = performance.now()
      controller.abort()
      const failures = await Promise.all(work)
      expect(performance.now() - started).toBeLessThan(200)
      for (const { code } of failures) expect(code).toBe('CANCELLED')
      expect(await call('upper', [['a']])).toEqual(['A'])
    })

    it('says more of one batch at once than none', () => {
      for (const exportName of ['upper', 'waits', 'waitsRow'] as const) {
        expect(executor.concurrencyOf(registered(exportName).signature, false)).toBeGreaterThan(1)
      }
    })

    it('ends what is in flight when it closes, and takes no more', async () => {
      const closing = create()
      await closing.open()
      const fn = registered('untilCancelled')
      const work = failureOf(closing.invoke(fn, batchOf(fn, [1]), contextOf()))
      await new Promise((resolve) => setTimeout(resolve, 300))
      const started = performance.now()
      await closing.close()
      expect(await work).toMatchObject({ code: 'SESSION_CLOSED' })
      expect(performance.now() - started).toBeLessThan(1000)
      expect(await failureOf(closing.invoke(fn, batchOf(fn, [1]), contextOf()))).toMatchObject({
        code: 'SESSION_CLOSED',
      })
      await closing.close()
    })
  })
}
