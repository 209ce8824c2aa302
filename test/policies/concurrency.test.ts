import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallPolicies } from '../../catalog/policy/policies.ts'
import type { LimitStore } from '../../catalog/store/stateStore.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { Interceptor } from '../../udf/executor.ts'
import { limitConcurrency } from '../../udf/policies/concurrency.ts'
import { MemoryLimits } from '../../udf/policies/memoryLimits.ts'
import { failureOf } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { VirtualClock } from '../virtualClock.ts'
import { caller, echo, echoes, seeded } from './calls.ts'

const atOnce = (maxConcurrent: number, key: string | null = null): Partial<CallPolicies> => ({
  concurrency: { maxConcurrent, key },
})

interface Setup {
  readonly clock?: VirtualClock
  readonly store?: LimitStore
  readonly milliseconds?: number
}

/** Functions behind one limiter whose calls take so long, with the order of their starts. */
function limited({ clock = new VirtualClock(), store = new MemoryLimits(), milliseconds = 100 }: Setup = {}) {
  const state = { active: 0, most: 0 }
  const starts: number[] = []
  const interceptor: Interceptor = limitConcurrency({
    clock,
    random: seeded(1),
    concurrencyOf: () => 4,
    limits: () => store,
  })
  const callers = ['f', 'g'].map((name) =>
    caller(
      [interceptor],
      async (registered, batch, context) => {
        state.most = Math.max(state.most, ++state.active)
        starts.push(context.batch)
        try {
          await clock.sleep(milliseconds, context.signal)
          return await echoes(registered, batch, context)
        } finally {
          state.active--
        }
      },
      echo(name),
    ),
  )
  return { clock, store, state, starts, f: callers[0]!, g: callers[1]! }
}

const many = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => make(index))

describe('a limit of concurrency', () => {
  it('is what the executor has room for, where no policy says', async () => {
    const { clock, state, starts, f } = limited()
    const began = clock.now()
    await clock.until(Promise.all(many(10, (batch) => f.call({ policies: {}, context: { batch } }))))
    expect([state.most, clock.now() - began, clock.pending]).toEqual([4, 300, 0])
    expect(starts).toEqual(many(10, (batch) => batch))
    expect(f.events).toEqual([
      ...many(4, () => ({ kind: 'waited', for: 'concurrency', milliseconds: 100 })),
      ...many(2, () => ({ kind: 'waited', for: 'concurrency', milliseconds: 200 })),
    ])
  })

  it('is that of the policy, for each function by itself', async () => {
    const { clock, state, f, g } = limited()
    const calls = many(6, () => [f, g].map(({ call }) => call({ policies: atOnce(3) })))
    await clock.until(Promise.all(calls.flat()))
    expect([state.most, clock.pending]).toEqual([6, 0])
  })

  it('is shared by functions and sessions that name the same key', async () => {
    const clock = new VirtualClock()
    const store = new MemoryLimits()
    const [one, other] = [limited({ clock, store }), limited({ clock, store })]
    const began = clock.now()
    const callers = [one.f, one.g, other.f]
    const calls = many(9, (batch) =>
      callers[batch % 3]!.call({ policies: atOnce(2, 'shared'), context: { batch } }),
    )
    const alone = one.f.call({ policies: atOnce(2, 'another') })
    await clock.until(Promise.all([...calls, alone]))
    expect(clock.now() - began).toBe(500)
    expect(one.state.most + other.state.most).toBeLessThanOrEqual(4)
    expect(clock.pending).toBe(0)
  })

  it('is that of each call site, and none is overtaken for ever', async () => {
    const { clock, starts, f } = limited()
    const calls = [3, 3, 1, 3].map((most, batch) => f.call({ policies: atOnce(most), context: { batch } }))
    await clock.advance(50)
    expect(starts).toEqual([0, 1])
    await clock.advance(100)
    expect(starts).toEqual([0, 1, 2, 3])
    await clock.until(Promise.all(calls))
  })

  it('gives the place of a call that fails, and of one that gives up, to the next', async () => {
    for (const key of [null, 'shared']) {
      const { clock, starts, f } = limited()
      const controller = new AbortController()
      const { signal } = controller
      const running = failureOf(f.call({ policies: atOnce(1, key), context: { signal, batch: 0 } }))
      const waiting = failureOf(f.call({ policies: atOnce(1, key), context: { signal, batch: 1 } }))
      const last = f.call({ policies: atOnce(1, key), context: { batch: 2 } })
      await clock.advance(50)
      controller.abort(new EngineError('CANCELLED', 'enough'))
      expect(await running).toMatchObject({ code: 'CANCELLED', message: 'enough' })
      expect(await waiting).toMatchObject({ code: 'CANCELLED', message: 'enough' })
      await clock.until(last)
      expect(starts).toEqual([0, 2])
      expect(clock.pending).toBe(0)
    }
  })

  it('is never exceeded, fair, and free again in the end, whatever callers do', async () => {
    const action = fc.record({
      after: fc.integer({ min: 0, max: 80 }),
      most: fc.integer({ min: 1, max: 4 }),
      givesUpAfter: fc.option(fc.integer({ min: 0, max: 400 }), { nil: null }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(null, 'shared'),
        fc.array(action, { maxLength: 40 }),
        async (key, actions) => {
          const { clock, starts, state, f } = limited()
          const work: Promise<unknown>[] = []
          for (const [batch, { after, most, givesUpAfter }] of actions.entries()) {
            await clock.advance(after)
            const controller = new AbortController()
            const context = { batch, signal: controller.signal }
            work.push(f.call({ policies: atOnce(most, key), context }).catch(() => undefined))
            if (givesUpAfter === null) continue
            clock.sleep(givesUpAfter, new AbortController().signal).then(
              () => controller.abort(),
              () => undefined,
            )
          }
          await clock.until(Promise.all(work))
          expect(state.most).toBeLessThanOrEqual(Math.max(0, ...actions.map(({ most }) => most)))
          expect(starts).toEqual([...starts].toSorted((a, b) => a - b))
          await clock.advance(1000)
          expect([state.active, clock.pending]).toEqual([0, 0])
          await clock.until(f.call({ policies: atOnce(1, key), context: { batch: 99 } }))
          expect(starts.at(-1)).toBe(99)
        },
      ),
      { numRuns: repeats(100) },
    )
  })
})

/** The same limits, seen by another process: nothing in this one knows of both. */
const elsewhere = (store: LimitStore): LimitStore => ({
  takeToken: async (...args) => store.takeToken(...args),
  acquire: async (...args) => store.acquire(...args),
  renew: async (...args) => store.renew(...args),
  release: async (lease) => store.release(lease),
})

const broken = async (): Promise<never> => {
  throw new EngineError('STORE_FAILED', 'disk full')
}

describe('slots in a store that processes share', () => {
  it('are never exceeded, and used by both', async () => {
    const clock = new VirtualClock()
    const store = new MemoryLimits()
    const processes = [limited({ clock, store }), limited({ clock, store: elsewhere(store) })]
    const began = clock.now()
    const most = { active: 0 }
    const watch = new AbortController()
    const watching = (async () => {
      for (;;) {
        most.active = Math.max(most.active, processes[0]!.state.active + processes[1]!.state.active)
        await clock.sleep(1, watch.signal)
      }
    })().catch(() => undefined)
    const calls = many(40, (batch) => processes[batch % 2]!.f.call({ policies: atOnce(5, 'shared') }))
    await clock.until(Promise.all(calls))
    watch.abort()
    await watching
    expect(most.active).toBe(5)
    // 8 rounds of 100 ms, and what it takes to see that the other process has given a slot back.
    expect(clock.now() - began).toBeLessThan(1600)
    expect(clock.pending).toBe(0)
  })

  it('stay with a call for as long as it takes', async () => {
    const clock = new VirtualClock()
    const store = new MemoryLimits()
    const slow = limited({ clock, store, milliseconds: 100_000 })
    const call = slow.f.call({ policies: atOnce(1, 'shared') })
    for (let k = 0; k < 99; k++) {
      await clock.advance(1000)
      expect(await store.acquire('shared', 1, 1000, clock.now())).toBeNull()
    }
    await clock.until(call)
    expect(await store.acquire('shared', 1, 1000, clock.now())).not.toBeNull()
    expect(clock.pending).toBe(0)
  })

  it('of a process that was killed come free with its leases', async () => {
    const clock = new VirtualClock()
    const store = new MemoryLimits()
    await store.acquire('shared', 1, 15_000, clock.now())
    const began = clock.now()
    await clock.until(limited({ clock, store, milliseconds: 0 }).f.call({ policies: atOnce(1, 'shared') }))
    expect(clock.now() - began).toBeGreaterThanOrEqual(15_000)
    expect(clock.now() - began).toBeLessThan(15_200)
  })

  it('that are lost do not stop a call, which says so', async () => {
    const clock = new VirtualClock()
    const store = new MemoryLimits()
    const lossy: LimitStore = { ...elsewhere(store), renew: async () => false }
    const { f } = limited({ clock, store: lossy, milliseconds: 20_000 })
    await clock.until(f.call({ policies: atOnce(1, 'shared') }))
    expect(f.events).toEqual([
      {
        kind: 'log',
        level: 'warn',
        message:
          "function 'f' (version 1) lost its slot of concurrency key 'shared' while it was called: others may have taken it",
        fields: { key: 'shared' },
      },
    ])
    expect(clock.pending).toBe(0)
  })

  it('outlast a store that fails for a moment, and fail if none can be asked for', async () => {
    const clock = new VirtualClock()
    const store = new MemoryLimits()
    const flaky = limited({
      clock,
      store: { ...elsewhere(store), renew: broken, release: broken },
      milliseconds: 20_000,
    })
    await clock.until(flaky.f.call({ policies: atOnce(1, 'shared') }))
    expect(flaky.f.events).toEqual([])
    const closed = limited({ clock, store: { ...elsewhere(store), acquire: broken } })
    expect(await failureOf(closed.f.call({ policies: atOnce(1, 'shared') }))).toMatchObject({
      code: 'STORE_FAILED',
      message: 'disk full',
    })
    await clock.advance(20_000)
    expect(clock.pending).toBe(0)
  })
})
