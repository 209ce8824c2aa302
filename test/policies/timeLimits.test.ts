import { describe, expect, it } from 'vitest'
import { RetryPolicy } from '../../catalog/policy/factories.ts'
import type { CallSignal } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { Invoke } from '../../udf/executor.ts'
import { keepDeadline } from '../../udf/policies/deadline.ts'
import { retry } from '../../udf/policies/retry.ts'
import { timeOut } from '../../udf/policies/timeout.ts'
import { failureOf } from '../invocations.ts'
import { VirtualClock } from '../virtualClock.ts'
import { caller, echoes, unavailable } from './calls.ts'

/** An executor that takes so long, and keeps the signals that it was given; it does not listen to them if it is `deaf`. */
function slow(clock: VirtualClock, milliseconds: number, deaf = false) {
  const signals: CallSignal[] = []
  const invoke: Invoke = async (registered, batch, context) => {
    signals.push(context.signal)
    await clock.sleep(milliseconds, deaf ? new AbortController().signal : context.signal)
    return echoes(registered, batch, context)
  }
  return { signals, invoke }
}

describe('a timeout', () => {
  it('fails an attempt that takes longer, and aborts its signal', async () => {
    const clock = new VirtualClock()
    const { signals, invoke } = slow(clock, 1001, true)
    const { call } = caller([timeOut({ clock })], invoke)
    const started = clock.now()
    expect(await clock.until(failureOf(call({ policies: { timeout: 1000 }, texts: ['a', 'b'] })))).toEqual({
      code: 'TIMED_OUT',
      message: "function 'echo' (version 1) took longer than its timeout of 1000 ms in batch 7",
      details: { function: 'echo', version: 1, batch: 7, batchRows: 2 },
    })
    expect(clock.now() - started).toBe(1000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    await clock.advance(10_000)
    expect(clock.pending).toBe(0)
  })

  it('lets one through that is done in time, and leaves no timer', async () => {
    const clock = new VirtualClock()
    const { signals, invoke } = slow(clock, 999)
    const { call } = caller([timeOut({ clock })], invoke)
    const result = await clock.until(call({ policies: { timeout: 1000 } }))
    expect(result.failures).toEqual([])
    expect(clock.pending).toBe(0)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  })

  it('leaves no timer behind a call that fails or is cancelled', async () => {
    const clock = new VirtualClock()
    const broken = caller([timeOut({ clock })], async () => {
      throw unavailable()
    })
    expect(await failureOf(broken.call({ policies: { timeout: 1000 } }))).toMatchObject({
      code: 'UNAVAILABLE',
    })
    expect(clock.pending).toBe(0)
    const { call } = caller([timeOut({ clock })], slow(clock, 500).invoke)
    const controller = new AbortController()
    const cancelled = failureOf(call({ policies: { timeout: 1000 }, context: { signal: controller.signal } }))
    await clock.advance(100)
    controller.abort()
    expect(await cancelled).toMatchObject({
      code: 'CANCELLED',
      message: "function 'echo' (version 1) was cancelled in batch 7",
    })
    await clock.settle()
    expect(clock.pending).toBe(0)
  })

  it('is for each attempt anew', async () => {
    const clock = new VirtualClock()
    const { signals, invoke } = slow(clock, 2000)
    const { call } = caller([retry({ clock, random: () => 0 }), timeOut({ clock })], invoke)
    const policies = { timeout: 1000, retry: RetryPolicy.linear({ attempts: 2, delay: 1 }) }
    const started = clock.now()
    expect(await clock.until(failureOf(call({ policies })))).toMatchObject({
      code: 'TIMED_OUT',
      message:
        "function 'echo' (version 1) took longer than its timeout of 1000 ms in batch 7 (after 3 attempts)",
      details: { attempts: 3 },
    })
    expect(clock.now() - started).toBe(5000)
    expect(signals.length).toBe(3)
    expect(clock.pending).toBe(0)
  })
})

describe('a deadline', () => {
  it('is for all attempts and waits, and is told to what is called', async () => {
    const clock = new VirtualClock()
    const started = clock.now()
    const deadlines: unknown[] = []
    const { call } = caller(
      [keepDeadline({ clock }), retry({ clock, random: () => 0 })],
      async (...[, , context]) => {
        deadlines.push(context.deadline)
        await clock.sleep(400, context.signal)
        throw unavailable()
      },
    )
    const policies = { deadline: 1500, retry: RetryPolicy.linear({ attempts: 9, delay: 0.3 }) }
    expect(await clock.until(failureOf(call({ policies })))).toEqual({
      code: 'DEADLINE_EXCEEDED',
      message:
        "function 'echo' (version 1) is not done by its deadline of 1500 ms, with all its attempts and waits, in batch 7",
      details: { function: 'echo', version: 1, batch: 7 },
    })
    expect(clock.now() - started).toBe(1500)
    expect(deadlines).toEqual([started + 1500, started + 1500, started + 1500])
    await clock.settle()
    expect(clock.pending).toBe(0)
  })

  it('starts no attempt that could not begin before it: the last error comes out at once', async () => {
    const clock = new VirtualClock()
    const started = clock.now()
    const { call, events } = caller(
      [keepDeadline({ clock }), retry({ clock, random: () => 0 })],
      async () => {
        throw unavailable()
      },
    )
    const policies = { deadline: 1500, retry: RetryPolicy.linear({ attempts: 9, delay: 1 }) }
    expect(await clock.until(failureOf(call({ policies })))).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'nobody answers (after 2 attempts)',
    })
    expect(clock.now() - started).toBe(1000)
    expect(events.map(({ kind }) => kind)).toEqual(['retried', 'waited'])
    expect(clock.pending).toBe(0)
  })

  it("is its caller's if that is earlier", async () => {
    const clock = new VirtualClock()
    const started = clock.now()
    const { call } = caller([keepDeadline({ clock })], slow(clock, 5000).invoke)
    const context = { deadline: started + 700 }
    expect(await clock.until(failureOf(call({ policies: { deadline: 1500 }, context })))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message:
        "function 'echo' (version 1) is not done by the deadline of its caller, with all its attempts and waits, in batch 7",
    })
    expect(clock.now() - started).toBe(700)
  })

  it('passes on the reason for which a caller cancels', async () => {
    const clock = new VirtualClock()
    const { call } = caller([keepDeadline({ clock }), timeOut({ clock })], slow(clock, 5000, true).invoke)
    const controller = new AbortController()
    const cancelled = failureOf(
      call({ policies: { deadline: 1500, timeout: 1000 }, context: { signal: controller.signal } }),
    )
    await clock.advance(100)
    controller.abort(new EngineError('BUDGET_EXCEEDED', 'no money'))
    expect(await cancelled).toMatchObject({ code: 'BUDGET_EXCEEDED', message: 'no money' })
    await clock.advance(5000)
    expect(clock.pending).toBe(0)
  })
})
