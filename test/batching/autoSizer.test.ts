import { describe, expect, it } from 'vitest'
import { defaultPolicies } from '../../catalog/policy/policies.ts'
import { EngineError } from '../../src/base/errors.ts'
import { succeeded } from '../../udf/executor.ts'
import { Limiter } from '../../udf/limiter.ts'
import { batchOf, functionOf, Harness, policy, range } from './batchingHarness.ts'
import { stream } from './simulatedStream.ts'

const f = functionOf('f')

interface Simulation {
  readonly concurrency: number
  readonly rows: number
  /** Milliseconds of a batch of so many rows. */
  readonly cost: (rows: number) => number
}

/** A harness whose calls have batches of this size, so many at once. */
function harnessOf(concurrency: number, size: number | 'auto' = 'auto'): Harness {
  return new Harness(() => ({ policy: policy({ maxBatchingSize: size }), costOf: null, concurrency }))
}

/** Milliseconds of the run, and the batches that it made. */
async function simulate(size: number | 'auto', { concurrency, rows, cost }: Simulation) {
  const harness = harnessOf(concurrency, size)
  const limiter = new Limiter(concurrency)
  harness.answer = async ({ values, context }) => {
    await limiter.acquire(context.signal)
    await harness.clock.sleep(cost(values.length), context.signal)
    limiter.release()
    return succeeded(batchOf(values).columns[0]!)
  }
  const start = harness.clock.now()
  const window = size === 'auto' ? 2 : Math.max(2, Math.ceil((concurrency * size * 1.5) / 8192) + 1)
  const results = await harness.clock.until(stream(harness, f, { rows, stageRows: 8192, window }))
  expect(results.length).toBe(rows)
  expect(results.every((value, row) => value === row)).toBe(true)
  expect(harness.clock.pending).toBe(0)
  return { milliseconds: harness.clock.now() - start, start, sent: harness.sent }
}

/** Throughput of `'auto'`, where 1 is that of the best of some fixed sizes. */
async function shareOfBest(simulation: Simulation, sizes: readonly number[]): Promise<number> {
  const fixed: number[] = []
  for (const size of sizes) fixed.push((await simulate(size, simulation)).milliseconds)
  return Math.min(...fixed) / (await simulate('auto', simulation)).milliseconds
}

/** Numbers that look random, the same each time. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const sizes = [512, 2048, 4096, 8192, 16_384]
const square = (rows: number): number => 20 + 0.001 * rows * rows
const steps = (rows: number): number => 30 + 10 * Math.ceil(rows / 64)
const linear = (rows: number): number => 20 + 0.1 * rows

describe("maxBatchingSize: 'auto'", () => {
  it.each([1, 4, 32])(
    'comes near the best size for a fixed cost and one a row, %d at a time',
    async (concurrency) => {
      const simulation = { concurrency, rows: 100_000 * Math.min(8, concurrency), cost: linear }
      expect(await shareOfBest(simulation, sizes)).toBeGreaterThan(0.9)
    },
  )

  it('finds the size within 5 % of the run', async () => {
    const { milliseconds, start, sent } = await simulate('auto', {
      concurrency: 32,
      rows: 2_000_000,
      cost: linear,
    })
    const throughput = (rows: number): number => rows / linear(rows)
    const found = sent.find(({ values }) => throughput(values.length) > 0.9 * throughput(16_384))
    expect((found!.at - start) / milliseconds).toBeLessThan(0.05)
  })

  it('comes near the best size where long batches cost more a row, and stays there', async () => {
    for (const concurrency of [1, 32]) {
      const simulation = { concurrency, rows: 100_000, cost: square }
      expect(await shareOfBest(simulation, [50, 100, 141, 200, 300])).toBeGreaterThan(0.88)
    }
  })

  it('comes near the best size where costs are noisy', async () => {
    const random = randomOf(7)
    const cost = (rows: number): number => linear(rows) * Math.exp(random() - 0.5)
    expect(await shareOfBest({ concurrency: 4, rows: 400_000, cost }, sizes)).toBeGreaterThan(0.85)
  })

  it('is not misled by a pause of the machine', async () => {
    for (const concurrency of [4, 8]) {
      let large = 0
      const cost = (rows: number): number => linear(rows) + (rows > 500 && large++ < concurrency ? 100 : 0)
      const best = (await simulate(8192, { concurrency, rows: 400_000, cost: linear })).milliseconds
      const { milliseconds } = await simulate('auto', { concurrency, rows: 400_000, cost })
      expect(best / milliseconds).toBeGreaterThan(0.8)
    }
  })

  it('comes near the best size where costs rise in steps', async () => {
    expect(await shareOfBest({ concurrency: 8, rows: 400_000, cost: steps }, sizes)).toBeGreaterThan(0.85)
  })

  it('follows a function that becomes slower', async () => {
    let calls = 0
    const cost = (rows: number): number => (calls++ < 200 ? 5 + 0.1 * rows : 100 + 0.1 * rows)
    const { sent } = await simulate('auto', { concurrency: 4, rows: 4_000_000, cost })
    expect(sent[150]!.values.length).toBeLessThan(2000)
    expect(sent.at(-60)!.values.length).toBeGreaterThan(5000)
  })

  it('keeps batches within half of the timeout', async () => {
    const harness = harnessOf(4)
    harness.answer = async ({ values, context }) => {
      await harness.clock.sleep(linear(values.length), context.signal)
      return succeeded(batchOf(values).columns[0]!)
    }
    const policies = { ...defaultPolicies, timeout: 200 }
    const calls = range(0, 10).map((batch) => harness.call(f, range(batch * 8192, 8192), { batch, policies }))
    await harness.clock.until(Promise.all(calls))
    expect(Math.max(...harness.sizes)).toBeLessThanOrEqual(800)
    expect(Math.max(...harness.sizes)).toBeGreaterThan(700)
  })

  it.each(['FUNCTION_FAILED', 'BATCH_TOO_LARGE', 'RESOURCE_EXHAUSTED'] as const)(
    'learns a size that a function refuses with %s, without a row that fails',
    async (code) => {
      const harness = harnessOf(4)
      let refused = 0
      harness.answer = async ({ values, context }) => {
        await harness.clock.sleep(linear(values.length), context.signal)
        if (values.length <= 100) return succeeded(batchOf(values).columns[0]!)
        refused++
        throw new EngineError(code, 'too many')
      }
      const rows = 100_000
      const results = await harness.clock.until(stream(harness, f, { rows, stageRows: 8192, window: 2 }))
      expect(results).toEqual(range(0, rows))
      const late = harness.sizes.slice(harness.sizes.length / 2)
      expect(late.reduce((sum, size) => sum + size, 0) / late.length).toBeGreaterThan(
        code === 'RESOURCE_EXHAUSTED' ? 40 : 80,
      )
      expect(refused / harness.sent.length).toBeLessThan(0.05)
      expect(harness.clock.pending).toBe(0)
    },
  )

  it('fails a row that fails alone, after few calls', async () => {
    const harness = harnessOf(4)
    harness.answer = async ({ values, context }) => {
      await harness.clock.sleep(linear(values.length), context.signal)
      if (!values.includes(5000)) return succeeded(batchOf(values).columns[0]!)
      throw new EngineError('FUNCTION_FAILED', 'row 5000')
    }
    const result = harness.call(f, range(0, 10_000))
    await expect(harness.clock.until(result)).rejects.toThrow('row 5000')
    expect(harness.sent.filter(({ values }) => values.includes(5000)).length).toBeLessThan(8)
    await harness.clock.advance(10_000)
    expect(harness.clock.pending).toBe(0)
  })

  it('halves what is in flight when a service is overloaded, waits as long as it says, and comes back', async () => {
    const harness = harnessOf(16)
    let active = 0
    let most = 16
    let calls: { at: number; active: number; refused: boolean }[] = []
    harness.answer = async ({ values, context, at }) => {
      active++
      const refused = active > most
      calls.push({ at, active, refused })
      try {
        if (refused) throw new EngineError('RESOURCE_EXHAUSTED', 'slower', { retryAfter: 300 })
        await harness.clock.sleep(linear(values.length), context.signal)
        return succeeded(batchOf(values).columns[0]!)
      } finally {
        active--
      }
    }
    const rows = 800_000
    const work = stream(harness, f, { rows, stageRows: 8192, window: 2 })
    await harness.clock.advance(1000)
    expect(calls.at(-1)!.active).toBe(16)
    most = 4
    calls = []
    await harness.clock.advance(3000)
    const refusals = calls.filter(({ refused }) => refused).map(({ at }) => at)
    expect(refusals.length).toBeGreaterThan(0)
    expect(refusals.length).toBeLessThan(12)
    for (const refused of refusals) {
      expect(calls.filter(({ at }) => at > refused && at < refused + 300)).toEqual([])
    }
    most = 16
    await harness.clock.advance(4000)
    calls = []
    expect(await harness.clock.until(work)).toEqual(range(0, rows))
    expect(Math.max(...calls.map((call) => call.active))).toBe(16)
    expect(harness.clock.pending).toBe(0)
  })

  it('loses no row when all that is in flight is refused at once', async () => {
    const harness = harnessOf(32)
    const start = harness.clock.now()
    harness.answer = async ({ values, context }) => {
      await harness.clock.sleep(linear(values.length), context.signal)
      const since = harness.clock.now() - start
      if (since > 500 && since < 3000) throw new EngineError('RESOURCE_EXHAUSTED', 'busy')
      return succeeded(batchOf(values).columns[0]!)
    }
    const rows = 400_000
    expect(await harness.clock.until(stream(harness, f, { rows, stageRows: 8192, window: 2 }))).toEqual(
      range(0, rows),
    )
  })

  it('gives up on a service that stays overloaded', async () => {
    const harness = harnessOf(2)
    harness.answer = async () => {
      throw new EngineError('RESOURCE_EXHAUSTED', 'never')
    }
    const result = harness.call(f, range(0, 100))
    await expect(harness.clock.until(result)).rejects.toThrow('never')
    expect(harness.sent.length).toBeLessThan(40)
    await harness.clock.advance(100_000)
    expect(harness.clock.pending).toBe(0)
  })

  it('leaves a failed call to the policy that retries it', async () => {
    const harness = harnessOf(2)
    harness.answer = async () => {
      throw new EngineError('RESOURCE_EXHAUSTED', 'no')
    }
    const retry = { kind: 'linear', attempts: 3, delay: 1, jitter: false, retryOn: null } as const
    const result = harness.call(f, [1], { policies: { ...defaultPolicies, retry } })
    await expect(harness.clock.until(result)).rejects.toThrow('no')
    expect(harness.sent.length).toBe(1)
    expect(harness.clock.pending).toBe(0)
  })
})
