import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isEngineError } from '../../src/base/errors.ts'
import type { InvokeContext } from '../../udf/executor.ts'
import { batchOf, registered, valuesOf } from '../executor.conformance.ts'
import { contextOf } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { FixtureExecutor } from './fixtureWorker.ts'

const upper = registered('upper')
const counts = registered('counts')
const ROWS = 500

let executor: FixtureExecutor
beforeEach(async () => {
  executor = new FixtureExecutor([upper, counts])
  await executor.open()
})
afterEach(async () => executor.close())

/** A pseudo-random number from 0 to below 1, the same every time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const textsOf = (batch: number): string[] =>
  Array.from({ length: ROWS }, (_, row) => `row ${row} of ${batch}`)

async function call(batch: number, options: Partial<InvokeContext> = {}): Promise<unknown[]> {
  const result = await executor.invoke(
    upper,
    batchOf(upper, textsOf(batch)),
    contextOf({ batch, ...options }),
  )
  return valuesOf(upper, result)
}

const right = (batch: number): string[] => textsOf(batch).map((text) => text.toUpperCase())

describe('connections to replicas', () => {
  it('that are cut anywhere lose no row, and double none', async () => {
    const [spoilt] = await executor.proxies
    const random = seeded(7)
    for (let round = 0; round < repeats(20); round++) {
      spoilt!.fault = { kind: 'cut', afterBytes: Math.floor(random() * 40_000) }
      const batches = [0, 1, 2, 3, 4, 5].map((index) => round * 6 + index)
      expect(await Promise.all(batches.map((batch) => call(batch)))).toEqual(batches.map(right))
      spoilt!.fault = { kind: 'none' }
    }
    expect(spoilt!.connections).toBeGreaterThan(repeats(20) / 2)
  })

  it('that end again and again are made anew', async () => {
    const proxies = await executor.proxies
    for (let round = 0; round < repeats(10); round++) {
      const calls = [0, 1, 2, 3].map((index) => call(round * 4 + index))
      proxies[round % 2]!.disconnect()
      expect(await Promise.all(calls)).toEqual([0, 1, 2, 3].map((index) => right(round * 4 + index)))
    }
  })

  it('that go silent are given up for others', async () => {
    const [silent] = await executor.proxies
    await Promise.all([call(0), call(1)])
    silent!.fault = { kind: 'halfOpen' }
    const begun = performance.now()
    const batches = Array.from({ length: 12 }, (_, index) => index)
    expect(await Promise.all(batches.map((batch) => call(batch)))).toEqual(batches.map(right))
    expect(performance.now() - begun).toBeLessThan(10_000)
  })

  it('that garble bytes end in as many rows, or in an error of ours', async () => {
    const [first, second] = await executor.proxies
    const random = seeded(11)
    for (let round = 0; round < repeats(8); round++) {
      for (const proxy of [first!, second!]) {
        proxy.fault = { kind: 'corrupt', everyBytes: 3000 * (1 + round), random }
      }
      const deadline = Date.now() + 3000
      const outcomes = await Promise.allSettled([0, 1, 2, 3].map((batch) => call(batch, { deadline })))
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') expect(outcome.value).toHaveLength(ROWS)
        else expect(isEngineError(outcome.reason), String(outcome.reason)).toBe(true)
      }
      for (const proxy of [first!, second!]) {
        proxy.fault = { kind: 'none' }
        proxy.disconnect()
      }
      expect(await call(round)).toEqual(right(round))
    }
  })
})

const items = async (stop: number, most = 10): Promise<unknown[]> => {
  const taken: unknown[] = []
  for await (const item of executor.stream(counts, [stop], contextOf())) {
    taken.push(item)
    if (taken.length === most) break
  }
  return taken
}

describe('a stream from a replica', () => {
  it('gives its items as they come, and ends where its reader stops', async () => {
    expect(await items(-1)).toEqual([0, 1, 2, 3, 4])
    expect(await items(-1, 2)).toEqual([0, 1])
    expect(await items(-1)).toEqual([0, 1, 2, 3, 4])
    const stream = executor.stream(counts, [-1], contextOf())
    expect(await stream.next()).toEqual({ done: false, value: 0 })
    await stream.return(undefined)
  })

  it('fails after its items with what the handler threw', async () => {
    const { code, message, details } = await items(3).then(
      () => expect.unreachable(),
      (error: unknown) => (isEngineError(error) ? error : expect.unreachable()),
    )
    expect({ code, message }).toEqual({
      code: 'FUNCTION_FAILED',
      message: "function 'counts' (version 2) failed after 3 items in batch 7 of 1 row, row 0: not 3",
    })
    expect(details).toMatchObject({ itemsYielded: 3 })
  })

  it('ends with the signal', async () => {
    const controller = new AbortController()
    const stream = executor.stream(counts, [-1], contextOf({ signal: controller.signal }))
    expect(await stream.next()).toEqual({ done: false, value: 0 })
    controller.abort()
    await expect(stream.next()).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
