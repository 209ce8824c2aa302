import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isEngineError } from '../../src/base/errors.ts'
import { batchOf, valuesOf } from '../executor.conformance.ts'
import { contextOf } from '../invocations.ts'
import { repeats } from '../repeats.ts'
import { result, upper, workers } from './scriptedWorkers.ts'

describe('answers that are malformed', () => {
  it('are refused, or are what was meant: never a hang, a crash, or other rows', async () => {
    const values = ['A', null, 'a longer text', 'D']
    const good = result(values)
    const mutation = fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), at: fc.nat(good.length - 1), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat(good.length - 1) }),
      fc.record({
        kind: fc.constant('word' as const),
        at: fc.nat((good.length >> 2) - 1),
        word: fc.integer(),
      }),
    )
    const { executor } = workers(function* () {
      yield mutated
    })
    let mutated = good
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        const bytes = Buffer.from(good)
        let length = bytes.length
        for (const change of mutations) {
          if (change.kind === 'flip') bytes[change.at]! ^= 1 << change.bit
          else if (change.kind === 'cut') length = Math.min(length, change.at)
          else bytes.writeInt32LE(change.word, change.at * 4)
        }
        mutated = bytes.subarray(0, length)
        const begun = performance.now()
        const outcome = await executor.invoke(upper, batchOf(upper, values), contextOf()).then(
          (answer) => valuesOf(upper, answer),
          (error: unknown) => (isEngineError(error) ? error.code : error),
        )
        expect(performance.now() - begun).toBeLessThan(1000)
        if (Array.isArray(outcome)) expect(outcome).toHaveLength(4)
        else expect(outcome).toBe('REMOTE_RESULT_INVALID')
      }),
      { numRuns: repeats(2000) },
    )
  })
})
