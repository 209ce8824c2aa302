import { describe, expect, it } from 'vitest'
import { defineFunction } from '../catalog/defineFunction.ts'
import type { FunctionSignature } from '../catalog/function.ts'
import { type RegisteredFunction, registerFunction } from '../catalog/registerFunction.ts'
import type { Batch, ColumnData } from '../src/arrow/column.ts'
import { EngineError } from '../src/base/errors.ts'
import { createDispatcher } from '../udf/dispatcher.ts'
import { type CallResult, type Executor, type InvokeContext, succeeded } from '../udf/executor.ts'
import { MainExecutor } from '../udf/executors/main.ts'
import { Limiter } from '../udf/limiter.ts'
import { batchOf, valuesOf } from './executor.conformance.ts'
import { contextOf, failureOf } from './invocations.ts'

function columnOf({ columns }: Batch): ColumnData {
  const [column] = columns
  if (column === undefined) throw new Error('a batch without columns')
  return column
}

/** An executor that does what a test tells it, and keeps what it was asked. */
class ScriptedExecutor implements Executor {
  readonly name = 'scripted'
  readonly calls: { rows: number; firstRow: number; batch: number }[] = []
  opened = 0
  closed = 0
  active = 0
  mostActive = 0
  answer: (batch: Batch, context: InvokeContext) => Promise<ColumnData> | ColumnData = columnOf

  concurrencyOf(_signature: FunctionSignature): number {
    return 3
  }

  async open(): Promise<void> {
    this.opened++
  }

  async invoke(_: RegisteredFunction, batch: Batch, context: InvokeContext): Promise<CallResult> {
    this.calls.push({ rows: batch.length, firstRow: context.firstRow, batch: context.batch })
    this.mostActive = Math.max(this.mostActive, ++this.active)
    await new Promise((resolve) => setTimeout(resolve, 1))
    this.active--
    return succeeded(await this.answer(batch, context))
  }

  async close(): Promise<void> {
    this.closed++
  }
}

const identity = (name: string, batching?: { maxBatchingSize: number }, handler = (): never[] => []) =>
  registerFunction(
    defineFunction({
      name,
      input: { memo: 'VARCHAR' },
      output: 'VARCHAR',
      batching: batching ?? {},
      handler,
    }),
    null,
  )

const texts = (count: number): (string | null)[] =>
  Array.from({ length: count }, (_, index) => (index % 5 === 0 ? null : `text ${index}`))

function scripted() {
  const main = new ScriptedExecutor()
  const pool = new ScriptedExecutor()
  return { main, pool, dispatcher: createDispatcher({ executors: { main, pool } }) }
}

describe('the dispatcher', () => {
  it('splits a batch by maxBatchingSize and joins the results in order', async () => {
    const { main, pool, dispatcher } = scripted()
    const fn = identity('f', { maxBatchingSize: 4 })
    const column = await dispatcher.invoke(fn, batchOf(fn, texts(10)), contextOf())
    expect(valuesOf(fn, column)).toEqual(texts(10))
    expect(main.calls).toEqual([
      { rows: 4, firstRow: 1000, batch: 7 },
      { rows: 4, firstRow: 1004, batch: 7 },
      { rows: 2, firstRow: 1008, batch: 7 },
    ])
    expect([main.opened, pool.opened]).toEqual([1, 0])
    await dispatcher.close()
    expect([main.closed, pool.closed]).toEqual([1, 1])
  })

  it('makes one call where a function has no batching, and for no rows', async () => {
    const { pool, dispatcher } = scripted()
    const definition = defineFunction({
      name: 'f',
      input: { memo: 'VARCHAR' },
      output: 'VARCHAR',
      handler: () => null,
    })
    const fn = registerFunction(definition, { url: 'file:///f.ts', exportName: 'f' })
    expect(valuesOf(fn, await dispatcher.invoke(fn, batchOf(fn, texts(5000)), contextOf()))).toEqual(
      texts(5000),
    )
    expect(valuesOf(fn, await dispatcher.invoke(fn, batchOf(fn, []), contextOf()))).toEqual([])
    expect(pool.calls.map(({ rows }) => rows)).toEqual([5000, 0])
  })

  it('keeps no more calls of a function in flight than its executor takes', async () => {
    const { main, dispatcher } = scripted()
    const [f, g] = [identity('f', { maxBatchingSize: 2 }), identity('g', { maxBatchingSize: 2 })]
    const results = await Promise.all(
      [f, g, f, g].map(async (fn) =>
        valuesOf(fn, await dispatcher.invoke(fn, batchOf(fn, texts(21)), contextOf())),
      ),
    )
    expect(results).toEqual([texts(21), texts(21), texts(21), texts(21)])
    expect(main.mostActive).toBe(6)
    expect(dispatcher.concurrencyOf(f.signature)).toBe(3)
  })

  it('fails with what a part fails with, and makes no more calls for it', async () => {
    const { main, dispatcher } = scripted()
    const fn = identity('f', { maxBatchingSize: 1 })
    main.answer = (_, { firstRow }) => {
      if (firstRow === 1002) throw new EngineError('FUNCTION_FAILED', 'row 1002')
      return columnOf(batchOf(fn, ['x']))
    }
    const failure = await failureOf(dispatcher.invoke(fn, batchOf(fn, texts(100)), contextOf()))
    expect(failure).toMatchObject({ code: 'FUNCTION_FAILED', message: 'row 1002' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(main.calls.length).toBeLessThan(10)
    expect(valuesOf(fn, await dispatcher.invoke(fn, batchOf(fn, texts(1)), contextOf()))).toEqual(['x'])
  })

  it('finds a result that is too short, too long or of another type', async () => {
    const { main, dispatcher } = scripted()
    const fn = identity('f', { maxBatchingSize: 100 })
    const failure = () => failureOf(dispatcher.invoke(fn, batchOf(fn, texts(4)), contextOf()))
    main.answer = () => columnOf(batchOf(fn, texts(3)))
    expect(await failure()).toEqual({
      code: 'ROWS_LOST',
      message: "executor 'scripted' returned 3 rows for 4 of function 'f' (version 1) in batch 7",
      details: { function: 'f', version: 1, batch: 7, batchRows: 4 },
    })
    main.answer = () => columnOf(batchOf(fn, texts(5)))
    expect(await failure()).toMatchObject({ code: 'ROWS_LOST' })
    main.answer = () => ({ ...columnOf(batchOf(fn, texts(4))), offsets: null, values: new Float64Array(4) })
    expect(await failure()).toMatchObject({
      code: 'INTERNAL',
      message:
        "executor 'scripted' returned a column that is no VARCHAR for function 'f' (version 1) in batch 7",
    })
  })

  it('cancels calls that wait for room at once', async () => {
    const { main, dispatcher } = scripted()
    const fn = identity('f', { maxBatchingSize: 1 })
    main.answer = async (batch) => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      return columnOf(batch)
    }
    const controller = new AbortController()
    const holding = Promise.all(
      [1, 2, 3].map(async () => dispatcher.invoke(fn, batchOf(fn, texts(1)), contextOf())),
    )
    const waiting = failureOf(
      dispatcher.invoke(fn, batchOf(fn, texts(10)), contextOf({ signal: controller.signal })),
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    const started = performance.now()
    controller.abort()
    expect(await waiting).toMatchObject({
      code: 'CANCELLED',
      message: "function 'f' (version 1) was cancelled in batch 7",
    })
    expect(performance.now() - started).toBeLessThan(100)
    expect(main.calls).toHaveLength(3)
    await holding
  })

  it('runs closures on the main executor', async () => {
    const fn = registerFunction(
      defineFunction({
        name: 'f',
        input: { memo: 'VARCHAR' },
        output: 'VARCHAR',
        batching: { maxBatchingSize: 3 },
        handler: ({ memo }, { firstRow }) => memo.map((text, row) => `${firstRow + row}: ${text}`),
      }),
      null,
    )
    const dispatcher = createDispatcher({
      executors: { main: new MainExecutor(), pool: new ScriptedExecutor() },
    })
    const column = await dispatcher.invoke(fn, batchOf(fn, texts(7)), contextOf({ firstRow: 0 }))
    expect(valuesOf(fn, column)).toEqual(texts(7).map((text, row) => `${row}: ${text}`))
    await dispatcher.close()
  })
})

describe('a limiter', () => {
  const never = new AbortController().signal

  it('lets the next in, in the order in which they came', async () => {
    const limiter = new Limiter(1)
    const order: number[] = []
    await limiter.acquire(never)
    const waiting = [1, 2, 3].map(async (number) => {
      await limiter.acquire(never)
      order.push(number)
      limiter.release()
    })
    limiter.release()
    await Promise.all(waiting)
    expect(order).toEqual([1, 2, 3])
    await limiter.acquire(never)
  })

  it('forgets who has stopped waiting', async () => {
    const limiter = new Limiter(1)
    await limiter.acquire(never)
    const controller = new AbortController()
    const gone = limiter.acquire(controller.signal)
    const next = limiter.acquire(never)
    controller.abort(new Error('enough'))
    await expect(gone).rejects.toThrow('enough')
    limiter.release()
    await next
    limiter.release()
    await expect(limiter.acquire(AbortSignal.abort(new Error('no')))).rejects.toThrow('no')
    await limiter.acquire(never)
  })
})
