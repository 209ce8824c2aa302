import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultPolicies } from '../catalog/policy/policies.ts'
import { type RegisteredFunction, registerFunction } from '../catalog/registerFunction.ts'
import type { Batch } from '../src/arrow/column.ts'
import { decodeColumn } from '../src/arrow/decode.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { type EngineError, isEngineError } from '../src/base/errors.ts'
import { unobserved } from '../udf/callEvents.ts'
import type { CallResult, Executor, InvokeContext } from '../udf/executor.ts'
import * as fixtures from './fixtures/functions/conformance.ts'

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

export function contextOf(options: Partial<InvokeContext> = {}): InvokeContext {
  return {
    batch: 7,
    firstRow: 1000,
    metadata: null,
    signal: new AbortController().signal,
    attempt: 1,
    deadline: null,
    keepsInput: false,
    reportsRows: false,
    policies: defaultPolicies,
    run: { journal: null, onEnd: () => {} },
    observer: unobserved,
    ...options,
  }
}

export function valuesOf(
  { signature }: RegisteredFunction,
  { column }: Pick<CallResult, 'column'>,
): unknown[] {
  expect(column.length).toBe(decodeColumn(signature.output, column).length)
  return Array.from(decodeColumn(signature.output, column))
}

/** What the call fails with; it must be an error of ours. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<Pick<EngineError, 'code' | 'message' | 'details'>> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!isEngineError(error)) throw new Error(`no EngineError but ${String(error)}`)
  const { code, message, details } = error
  return { code, message, details }
}

const oneToTen = Array.from({ length: 10 }, (_, index) => index + 1)

/** The contract of `Executor`: every executor passes it. */
export function describeExecutor(name: string, create: () => Executor): void {
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
      expect(await failure('tooFew')).toEqual({
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
        expect(executor.concurrencyOf(registered(exportName).signature)).toBeGreaterThan(1)
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
