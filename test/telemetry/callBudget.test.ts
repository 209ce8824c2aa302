import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Price } from '../../catalog/policy/policies.ts'
import { EngineError } from '../../src/base/errors.ts'
import { type Budget, CallBudget } from '../../src/run/callBudget.ts'

const score = { function: 'score', version: 2 }
const price: Price = { perCall: 0.01, perRow: 0.001, perUnit: {} }
const perToken: Price = { perCall: 0, perRow: 0, perUnit: { tokens: 0.001 } }

function refusal(attempt: () => unknown): EngineError {
  try {
    attempt()
  } catch (error) {
    if (error instanceof EngineError) return error
  }
  throw new Error('nothing was refused')
}

test('a call that would cost more than is left is not made', () => {
  const budget = new CallBudget({ dollars: 0.1 }, () => price)
  budget.begin(score, 64)(null)
  const error = refusal(() => budget.begin(score, 64))
  expect(error.code).toBe('BUDGET_EXCEEDED')
  expect(error.message).toBe(
    "the budget of $0.10 would be exceeded: $0.074 is spent, and a call of function 'score' (version 2) for 64 rows costs $0.074\n" +
      '  what was called is kept where the run has a journal; raise budget.dollars and resume it',
  )
  expect(error.details).toMatchObject({ function: 'score', version: 2, batchRows: 64 })
  expect(budget.exceeded).toBe(error)
})

test('the budget may be spent to the last cent', () => {
  const budget = new CallBudget({ dollars: 0.3 }, () => ({ perCall: 0.1, perRow: 0, perUnit: {} }))
  for (let call = 0; call < 3; call++) budget.begin(score, 1)
  expect(refusal(() => budget.begin(score, 1)).code).toBe('BUDGET_EXCEEDED')
})

test('so many calls and no more, attempts counted', () => {
  const budget = new CallBudget({ calls: 2 })
  budget.begin(score, 10)(new EngineError('UNAVAILABLE', 'down'))
  budget.begin(score, 10)(null)
  expect(refusal(() => budget.begin(score, 10)).message).toBe(
    "the budget of 2 calls is used up: function 'score' (version 2) would be called once more\n" +
      '  what was called is kept where the run has a journal; raise budget.calls and resume it',
  )
})

test('where handlers report the cost, calls end when the budget is spent', () => {
  const budget = new CallBudget({ dollars: 1 }, () => perToken)
  budget.begin(score, 10)(null)
  budget.observe(score, { kind: 'usage', key: null, units: { tokens: 1000 } })
  expect(refusal(() => budget.begin(score, 10)).message).toContain(
    "$1.00 is spent, and a call of function 'score' (version 2) for 10 rows costs $0.00 or more",
  )
})

test('a handler that reports dollars without a price is stopped too', () => {
  const budget = new CallBudget({ dollars: 1 })
  budget.begin(score, 10)(null)
  budget.observe(score, { kind: 'usage', key: 'team', units: { dollars: 1 } })
  expect(() => budget.begin(score, 10)).toThrow('the budget of $1.00 would be exceeded')
})

test('a free function goes on when exactly the budget is spent, and nothing once it was exceeded', () => {
  const budget = new CallBudget({ dollars: 1 }, ({ function: name }) =>
    name === 'score' ? { ...price, perCall: 1, perRow: 0 } : null,
  )
  budget.begin(score, 10)(null)
  budget.begin({ function: 'free', version: 1 }, 10)(null)
  expect(() => budget.begin(score, 10)).toThrow('would be exceeded')
  expect(() => budget.begin({ function: 'free', version: 1 }, 10)).toThrow('would be exceeded')
})

test('what a service turned away is not charged', () => {
  const budget = new CallBudget({ dollars: 0.1 }, () => price)
  budget.begin(score, 64)(new EngineError('RESOURCE_EXHAUSTED', 'too many'))
  expect(budget.spent.dollars).toBeCloseTo(0)
  budget.begin(score, 64)(new EngineError('TIMED_OUT', 'too slow'))
  expect(budget.spent.dollars).toBeCloseTo(0.074)
})

test('never more than the budget where prices are known, whatever is called in whatever order', () => {
  const steps = fc.array(fc.record({ rows: fc.nat(200), end: fc.constantFrom('done', 'refused', 'open') }))
  fc.assert(
    fc.property(fc.double({ min: 0, max: 5, noNaN: true }), fc.nat(20), steps, (dollars, calls, all) => {
      const budget = new CallBudget({ dollars, calls }, () => price)
      let made = 0
      for (const { rows, end } of all) {
        let settle
        try {
          settle = budget.begin(score, rows)
        } catch {
          continue
        }
        made++
        if (end === 'done') settle(null)
        if (end === 'refused') settle(new EngineError('UNAVAILABLE', 'down'))
        expect(budget.spent.dollars).toBeLessThanOrEqual(dollars + 1e-8)
      }
      expect(made).toBeLessThanOrEqual(calls)
    }),
  )
})

test.each([
  [{ dollars: -1 }, 'budget.dollars is -1: it must be a number, 0 or more'],
  [{ dollars: Number.NaN }, 'budget.dollars is NaN: it must be a number, 0 or more'],
  [{ calls: 1.5 }, 'budget.calls is 1.5: it must be a whole number, 0 or more'],
  [{ euros: 1 }, "budget has no 'euros': it may limit dollars and calls"],
])('%o is no budget', (given, message) => {
  expect(refusal(() => new CallBudget(given as Budget)).message).toBe(message)
})
