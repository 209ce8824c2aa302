import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CircuitBreakerPolicy } from '../../catalog/policy/factories.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallResult } from '../../udf/executor.ts'
import { breakCircuit } from '../../udf/policies/circuitBreaker.ts'
import { failureOf } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { VirtualClock } from '../virtualClock.ts'
import { caller, echoes, failed, unavailable } from './calls.ts'

const policies = { circuitBreaker: CircuitBreakerPolicy({ failures: 3, resetAfter: 30 }) }

type Answer = () => CallResult | Promise<CallResult>

/** A function behind a breaker whose answers the test decides. */
function guarded() {
  const clock = new VirtualClock()
  const state = { answer: null as Answer | null, calls: 0 }
  const { call } = caller([breakCircuit({ clock })], async (registered, batch, context) => {
    state.calls++
    return state.answer === null ? echoes(registered, batch, context) : state.answer()
  })
  const codeOf = async (context = {}): Promise<string> => {
    const work = call({ policies, context })
    return work.then(
      () => 'ok',
      (error: unknown) => (error instanceof EngineError ? error.code : String(error)),
    )
  }
  return { clock, state, call, codeOf }
}

const fail =
  (error: Error): Answer =>
  () => {
    throw error
  }

describe('a circuit breaker', () => {
  it('opens after so many failures in a row, and says so', async () => {
    const { clock, state, call, codeOf } = guarded()
    state.answer = fail(unavailable('nobody answers\n  hint'))
    expect([await codeOf(), await codeOf()]).toEqual(['UNAVAILABLE', 'UNAVAILABLE'])
    state.answer = fail(failed('HTTP 503', Object.assign(new Error('HTTP 503'), { status: 503 })))
    expect(await codeOf()).toBe('FUNCTION_FAILED')
    await clock.advance(1250)
    expect(await failureOf(call({ policies }))).toEqual({
      code: 'CIRCUIT_OPEN',
      message:
        "function 'echo' (version 1) was unavailable 3 times in a row and is left alone, it is tried again in 28.8 s; it said: HTTP 503",
      details: { function: 'echo', version: 1, retryAfter: 28_750 },
    })
    expect(state.calls).toBe(3)
  })

  it('lets one call through after a while, and all after its success', async () => {
    const { clock, state, call, codeOf } = guarded()
    state.answer = fail(unavailable())
    for (let k = 0; k < 3; k++) await codeOf()
    await clock.advance(30_000)
    state.answer = async () => {
      await clock.sleep(100, new AbortController().signal)
      throw unavailable()
    }
    const probe = codeOf()
    await clock.settle()
    expect(await failureOf(call({ policies }))).toMatchObject({
      code: 'CIRCUIT_OPEN',
      message:
        "function 'echo' (version 1) was unavailable 3 times in a row and is left alone, another call is trying it now; it said: nobody answers",
    })
    expect(state.calls).toBe(4)
    await clock.advance(100)
    expect(await probe).toBe('UNAVAILABLE')
    await clock.advance(29_999)
    expect(await codeOf()).toBe('CIRCUIT_OPEN')
    await clock.advance(1)
    state.answer = null
    expect([await codeOf(), await codeOf()]).toEqual(['ok', 'ok'])
    state.answer = fail(unavailable())
    expect([await codeOf(), await codeOf(), await codeOf(), await codeOf()]).toEqual([
      'UNAVAILABLE',
      'UNAVAILABLE',
      'UNAVAILABLE',
      'CIRCUIT_OPEN',
    ])
  })

  it('counts nothing that is cancelled, and no thread that was lost', async () => {
    const { clock, state, codeOf } = guarded()
    const cancelled = AbortSignal.abort()
    state.answer = fail(unavailable())
    for (let k = 0; k < 10; k++) expect(await codeOf({ signal: cancelled })).toBe('UNAVAILABLE')
    state.answer = fail(new EngineError('WORKER_LOST', 'gone'))
    for (let k = 0; k < 10; k++) expect(await codeOf()).toBe('WORKER_LOST')
    state.answer = fail(unavailable())
    for (let k = 0; k < 3; k++) expect(await codeOf()).toBe('UNAVAILABLE')
    expect(await codeOf()).toBe('CIRCUIT_OPEN')
    await clock.advance(30_000)
    expect(await codeOf({ signal: cancelled })).toBe('UNAVAILABLE')
    expect(await codeOf()).toBe('UNAVAILABLE')
    expect(await codeOf()).toBe('CIRCUIT_OPEN')
  })

  it('takes any answer of the function for a sign of life', async () => {
    const { state, codeOf } = guarded()
    for (let k = 0; k < 5; k++) {
      state.answer = fail(unavailable())
      expect([await codeOf(), await codeOf()]).toEqual(['UNAVAILABLE', 'UNAVAILABLE'])
      state.answer = fail(failed('no such row'))
      expect(await codeOf()).toBe('FUNCTION_FAILED')
    }
  })

  it('counts a batch of which each row was unavailable', async () => {
    const clock = new VirtualClock()
    const policy = { circuitBreaker: CircuitBreakerPolicy({ failures: 1 }) }
    const errors = [unavailable(), failed('no such row')]
    const { call } = caller([breakCircuit({ clock })], async (registered, batch, context) => ({
      ...(await echoes(registered, batch, context)),
      failures: errors.map((error, row) => ({ row, error })),
    }))
    const texts = ['a', 'b']
    expect((await call({ policies: policy, texts })).failures.length).toBe(2)
    errors[1] = unavailable()
    expect((await call({ policies: policy, texts })).failures.length).toBe(2)
    expect(await failureOf(call({ policies: policy, texts }))).toMatchObject({
      code: 'CIRCUIT_OPEN',
      message:
        "function 'echo' (version 1) was unavailable 1 time and is left alone, it is tried again in 30 s; it said: nobody answers",
    })
  })

  it('goes by the states that it should, whatever happens', async () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 20_000 }),
      answer: fc.constantFrom('ok', 'UNAVAILABLE', 'FUNCTION_FAILED', 'cancelled'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, state, codeOf } = guarded()
        let [failures, openUntil] = [0, -1]
        for (const { wait, answer } of steps) {
          await clock.advance(wait)
          const before = state.calls
          const error = answer === 'FUNCTION_FAILED' ? failed('no such row') : unavailable()
          state.answer = answer === 'ok' ? null : fail(error)
          const code = await codeOf(answer === 'cancelled' ? { signal: AbortSignal.abort() } : {})
          if (clock.now() < openUntil) {
            expect([code, state.calls]).toEqual(['CIRCUIT_OPEN', before])
            continue
          }
          expect([code, state.calls]).toEqual([answer === 'cancelled' ? 'UNAVAILABLE' : answer, before + 1])
          if (answer === 'cancelled') continue
          if (answer !== 'UNAVAILABLE') [failures, openUntil] = [0, -1]
          else if (++failures >= 3) openUntil = clock.now() + 30_000
        }
      }),
      { numRuns: repeats(100) },
    )
  })
})
