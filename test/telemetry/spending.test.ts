import { expect, test } from 'vitest'
import { encodeColumn } from '../../src/arrow/encode.ts'
import { EngineError } from '../../src/base/errors.ts'
import { CallBudget } from '../../src/run/callBudget.ts'
import { type Invoke, succeeded } from '../../udf/executor.ts'
import { limitSpending } from '../../udf/limitSpending.ts'
import { batchOf, registered } from '../executor.conformance.ts'
import { contextOf, failureOf } from '../invocations.ts'

const upper = registered('upper')
const batch = batchOf(upper, ['a', 'b'])

function countingInvoke(fails: boolean): { readonly invoke: Invoke; calls: number } {
  const counting = {
    calls: 0,
    invoke: limitSpending(async () => {
      counting.calls++
      if (fails) throw new EngineError('UNAVAILABLE', 'down')
      return succeeded(encodeColumn(upper.signature.output, ['A', 'B']))
    }),
  }
  return counting
}

test('a run makes the calls of its budget and no other', async () => {
  const spending = new CallBudget({ dollars: 0.05 }, () => ({ perCall: 0, perRow: 0.01, perUnit: {} }))
  const context = contextOf({ run: { journal: null, onEnd() {}, spending } })
  const counting = countingInvoke(false)
  await counting.invoke(upper, batch, context)
  await counting.invoke(upper, batch, context)
  expect(await failureOf(counting.invoke(upper, batch, context))).toMatchObject({
    code: 'BUDGET_EXCEEDED',
    details: { function: 'upper_batch', version: 2, batchRows: 2 },
  })
  expect(counting.calls).toBe(2)
})

test('calls that were turned away are not charged', async () => {
  const spending = new CallBudget({ dollars: 0.02 }, () => ({ perCall: 0, perRow: 0.01, perUnit: {} }))
  const context = contextOf({ run: { journal: null, onEnd() {}, spending } })
  const counting = countingInvoke(true)
  for (let call = 0; call < 5; call++) {
    expect(await failureOf(counting.invoke(upper, batch, context))).toMatchObject({ code: 'UNAVAILABLE' })
  }
  expect(counting.calls).toBe(5)
})

test('without a budget nothing is asked', async () => {
  const counting = countingInvoke(false)
  await counting.invoke(upper, batch, contextOf())
  expect(counting.calls).toBe(1)
})
