import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LimitStore } from '../../catalog/store/stateStore.ts'
import type { Interceptor } from '../../udf/executor.ts'
import { MemoryLimits } from '../../udf/policies/memoryLimits.ts'
import { limitRate } from '../../udf/policies/rateLimit.ts'
import { failureOf } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { VirtualClock } from '../virtualClock.ts'
import { caller, echo, echoes } from './calls.ts'

const perSecond = (rate: number, key: string | null = null) => ({
  rateLimit: { rate, per: 'second' as const, key },
})

/** Functions behind one limiter, with the times at which their calls started. */
function limited(functions = 1, store: LimitStore = new MemoryLimits()) {
  const clock = new VirtualClock()
  const started = clock.now()
  const starts: number[] = []
  const interceptor: Interceptor = limitRate({ clock, limits: () => store })
  const callers = Array.from({ length: functions }, (_, index) =>
    caller(
      [interceptor],
      async (...call) => {
        starts.push(clock.now() - started)
        return echoes(...call)
      },
      echo(`echo${index}`),
    ),
  )
  const [first] = callers
  if (first === undefined) throw new Error('no functions')
  return { clock, starts, callers, ...first }
}

const many = <Value>(count: number, make: () => Value): Value[] => Array.from({ length: count }, make)

/** The most starts that lie in any window of so many milliseconds. */
function mostIn(starts: readonly number[], windowMs: number): number {
  return Math.max(
    0,
    ...starts.map((start, from) => starts.filter((t, k) => k >= from && t < start + windowMs).length),
  )
}

describe('a rate limit', () => {
  it('lets so many calls start in any window, which is a little longer than asked, and the others wait', async () => {
    const { clock, starts, call, events } = limited()
    await clock.until(Promise.all(many(25, () => call({ policies: perSecond(10) }))))
    expect(starts).toEqual([...many(10, () => 0), ...many(10, () => 1040), ...many(5, () => 2080)])
    expect(events).toEqual([
      ...many(10, () => ({ kind: 'waited', for: 'rateLimit', milliseconds: 1040 })),
      ...many(5, () => ({ kind: 'waited', for: 'rateLimit', milliseconds: 2080 })),
    ])
    expect(clock.pending).toBe(0)
  })

  it('uses at least 0.95 of its rate', async () => {
    for (const [per, milliseconds] of [
      ['second', 1000],
      ['minute', 60_000],
      ['hour', 3_600_000],
    ] as const) {
      const { clock, starts, call } = limited()
      const policies = { rateLimit: { rate: 7, per, key: null } }
      const calls = Promise.all(many(7 * 30, () => call({ policies })))
      await clock.until(calls)
      expect(mostIn(starts, milliseconds)).toBe(7)
      expect((7 * 29) / (starts.at(-1)! / milliseconds) / 7).toBeGreaterThanOrEqual(0.95)
    }
  })

  it('takes less than one call in its time, and parts of one, for fewer calls', async () => {
    const { clock, starts, call } = limited()
    await clock.until(Promise.all(many(3, () => call({ policies: perSecond(0.5) }))))
    expect(starts).toEqual([0, 2050, 4100])
    const parts = limited()
    await parts.clock.until(Promise.all(many(5, () => parts.call({ policies: perSecond(2.5) }))))
    expect(parts.starts).toEqual([0, 0, 1040, 1040, 2080])
  })

  it('is shared by functions that name the same key, and by nobody else', async () => {
    const { clock, starts, callers } = limited(3)
    const [f, g, h] = callers
    const calls = [
      f!.call({ policies: perSecond(2, 'shared') }),
      g!.call({ policies: perSecond(2, 'shared') }),
      f!.call({ policies: perSecond(2, 'shared') }),
      h!.call({ policies: perSecond(2, 'other') }),
      f!.call({ policies: perSecond(2) }),
      g!.call({ policies: perSecond(2) }),
    ]
    await clock.until(Promise.all(calls))
    expect(starts).toEqual([0, 0, 0, 0, 0, 1040])
  })

  it('fails a call at once that would wait beyond its deadline', async () => {
    const { clock, call } = limited()
    await call({ policies: perSecond(1) })
    const before = clock.now()
    const context = { deadline: before + 1000 }
    const failure = failureOf(call({ policies: { ...perSecond(1), deadline: 1000 }, context }))
    await clock.settle()
    expect(await failure).toEqual({
      code: 'DEADLINE_EXCEEDED',
      message:
        "function 'echo0' (version 1) is not done by its deadline of 1000 ms, with all its attempts and waits, in batch 7",
      details: { function: 'echo0', version: 1, batch: 7 },
    })
    expect([clock.now() - before, clock.pending]).toEqual([0, 0])
    expect(
      (await clock.until(call({ policies: perSecond(1), context: { deadline: before + 1041 } }))).failures,
    ).toEqual([])
  })

  it('lets no late wake-up compress a window', async () => {
    const clock = new VirtualClock()
    const starts: number[] = []
    const lagging = caller(
      [
        limitRate({
          clock: { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms + 300, signal) },
          limits: () => new MemoryLimits(),
        }),
      ],
      async (...args) => {
        starts.push(clock.now())
        return echoes(...args)
      },
    )
    await clock.until(Promise.all(many(6, () => lagging.call({ policies: perSecond(2) }))))
    expect(mostIn(starts, 1000)).toBe(2)
  })

  it('is never exceeded, fair, and loses no token to those who give up', async () => {
    const action = fc.record({
      after: fc.integer({ min: 0, max: 400 }),
      which: fc.nat({ max: 2 }),
      givesUpAfter: fc.option(fc.integer({ min: 0, max: 3000 }), { nil: null }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(action, { maxLength: 60 }),
        async (rate, actions) => {
          const { clock, callers } = limited(3)
          const order: number[] = []
          const starts: number[] = []
          const work: Promise<unknown>[] = []
          const abandoned = new Set<number>()
          const asked: number[] = []
          for (const [index, { after, which, givesUpAfter }] of actions.entries()) {
            await clock.advance(after)
            asked.push(clock.now())
            const controller = new AbortController()
            const call = callers[which]!.call({
              policies: perSecond(rate, 'shared'),
              context: { signal: controller.signal },
            })
            const start = async (): Promise<void> => {
              await call
              order.push(index)
              starts.push(clock.now())
            }
            work.push(start().catch(() => abandoned.add(index)))
            if (givesUpAfter !== null) {
              clock.sleep(givesUpAfter, new AbortController().signal).then(
                () => controller.abort(),
                () => undefined,
              )
            }
          }
          await clock.until(Promise.all(work))
          expect(mostIn(starts, 1000)).toBeLessThanOrEqual(rate)
          expect(order).toEqual([...order].toSorted((a, b) => a - b))
          expect(order.length + abandoned.size).toBe(actions.length)
          // Nobody waits for longer than those who came before make necessary.
          for (const [k, start] of starts.entries()) {
            const earliest = Math.max(asked[order[k]!]!, (starts[k - rate] ?? 0) + 1040, starts[k - 1] ?? 0)
            expect(start).toBe(earliest)
          }
          await clock.advance(5000)
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: repeats(100) },
    )
  })

  it('cancels a call that waits, at once', async () => {
    const { clock, call, starts } = limited()
    await call({ policies: perSecond(1) })
    const controller = new AbortController()
    const context = { signal: controller.signal }
    const [head, second] = [0, 1].map(() => failureOf(call({ policies: perSecond(1), context })))
    const third = call({ policies: perSecond(1) })
    await clock.advance(500)
    controller.abort()
    const cancelled = { code: 'CANCELLED', message: "function 'echo0' (version 1) was cancelled in batch 7" }
    expect(await head).toMatchObject(cancelled)
    expect(await second).toMatchObject(cancelled)
    await clock.until(third)
    expect(starts).toEqual([0, 1040])
    expect(clock.pending).toBe(0)
  })
})
