import { expect, it } from 'vitest'
import { MainExecutor } from '../udf/executors/main.ts'
import { batchOf, describeExecutor, registered, valuesOf } from './executor.conformance.ts'
import { contextOf } from './invocations.ts'

describeExecutor('main', () => new MainExecutor())

it('lets timers fire between the batches of synchronous handlers', async () => {
  const executor = new MainExecutor()
  const fn = registered('upper')
  const texts = Array.from({ length: 2000 }, (_, index) => `text ${index}`)
  const timer = { fired: false }
  setTimeout(() => {
    timer.fired = true
  }, 1)
  for (let batch = 0; !timer.fired; batch++) {
    expect(batch).toBeLessThan(10_000)
    expect(valuesOf(fn, await executor.invoke(fn, batchOf(fn, texts), contextOf()))).toHaveLength(2000)
  }
})
