import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PoolExecutor } from '../dist/udf/executors/pool/pool.js'
import { batchOf, describeExecutor, registered, valuesOf } from './executor.conformance.ts'
import { contextOf, failureOf } from './invocations.ts'

describeExecutor('pool', () => new PoolExecutor(2))

describe('pool threads', () => {
  let pool: PoolExecutor

  beforeAll(() => {
    pool = new PoolExecutor(2)
  })
  afterAll(async () => pool.close())

  const upper = async (): Promise<unknown[]> => {
    const fn = registered('upper')
    return valuesOf(fn, await pool.invoke(fn, batchOf(fn, ['a']), contextOf()))
  }

  it('take the buffers of a batch and give those of the result', async () => {
    const fn = registered('scale')
    const batch = batchOf(fn, [1, 2], [3, 4])
    await pool.invoke(fn, batch, contextOf())
    expect(batch.columns.map((column) => column.values?.byteLength)).toEqual([0, 0])
  })

  it('that die fail the batches they had, and are replaced', async () => {
    const fn = registered('exits')
    expect(await failureOf(pool.invoke(fn, batchOf(fn, [1]), contextOf()))).toEqual({
      code: 'WORKER_LOST',
      message:
        "a pool thread ended while function 'exits' (version 2) worked on batch 7: worker exited with code: 3",
      details: { function: 'exits', version: 2, batch: 7 },
    })
    expect(await Promise.all(Array.from({ length: 8 }, upper))).toEqual(
      Array.from({ length: 8 }, () => ['A']),
    )
  })

  it('that die without a batch are replaced', { retry: 2 }, async () => {
    const fn = registered('failsLater')
    expect(valuesOf(fn, await pool.invoke(fn, batchOf(fn, [1]), contextOf()))).toEqual([1])
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await Promise.all(Array.from({ length: 8 }, upper))).toEqual(
      Array.from({ length: 8 }, () => ['A']),
    )
  })

  it('that never return are ended when their batch is cancelled, and only those', { retry: 2 }, async () => {
    const fn = registered('neverReturns')
    const controller = new AbortController()
    const stuck = failureOf(pool.invoke(fn, batchOf(fn, [1]), contextOf({ signal: controller.signal })))
    const waits = registered('untilCancelled')
    const other = new AbortController()
    const waiting = failureOf(pool.invoke(waits, batchOf(waits, [1]), contextOf({ signal: other.signal })))
    await new Promise((resolve) => setTimeout(resolve, 500))
    const started = performance.now()
    controller.abort()
    expect(await stuck).toMatchObject({ code: 'CANCELLED' })
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await Promise.all(Array.from({ length: 8 }, upper))).toEqual(
      Array.from({ length: 8 }, () => ['A']),
    )
    expect(performance.now() - started).toBeLessThan(3000)
    other.abort()
    expect(await waiting).toMatchObject({ code: 'CANCELLED' })
  })

  it('say which module they could not load', async () => {
    const fn = registered('upper')
    const url = new URL('./fixtures/functions/nothing.ts', import.meta.url).href
    const lost = { ...fn, signature: { ...fn.signature, module: { url, exportName: 'upper' } } }
    expect(await failureOf(pool.invoke(lost, batchOf(fn, ['a']), contextOf()))).toMatchObject({
      code: 'MODULE_LOAD_FAILED',
      message: expect.stringMatching(/^cannot load .*nothing\.ts: /),
    })
    const closure = { ...fn, signature: { ...fn.signature, module: null } }
    expect(await failureOf(pool.invoke(closure, batchOf(fn, ['a']), contextOf()))).toMatchObject({
      code: 'INTERNAL',
      message: "function 'upper_batch' (version 2) is in no module that a thread could load",
    })
  })
})
