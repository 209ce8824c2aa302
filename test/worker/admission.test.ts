import { expect, test } from 'vitest'
import { Cancellation } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import { Admission } from '../../src/worker/admission.ts'

const options = { maxConcurrentCalls: 2, maxQueuedCalls: 1, memoryLimit: null, onWait: () => () => {} }

test('calls enter as others leave, and are refused once too many wait', async () => {
  const admission = new Admission(options)
  const signal = new Cancellation()
  const leave = await admission.enter(signal)
  await admission.enter(signal)
  const third = admission.enter(signal)
  await expect(admission.enter(signal)).rejects.toThrow(
    'the worker has 2 calls in flight, and 1 wait for their turn',
  )
  await expect(admission.enter(signal)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: true })
  leave()
  const leaveThird = await third
  leaveThird()
  await admission.enter(signal)
})

test('one that gives up while it waits makes room for the next', async () => {
  let waiting = 0
  const onWait = (): (() => void) => {
    waiting++
    return () => void waiting--
  }
  const admission = new Admission({ ...options, maxConcurrentCalls: 1, onWait })
  const signal = new Cancellation()
  const leave = await admission.enter(signal)
  const impatient = new Cancellation()
  const given = admission.enter(impatient)
  expect(waiting).toBe(1)
  impatient.abort(new EngineError('CANCELLED', 'enough'))
  await expect(given).rejects.toThrow('enough')
  expect(waiting).toBe(0)
  const next = admission.enter(signal)
  leave()
  await next
})

test('calls are refused while the process takes too much memory', async () => {
  let memory = 3e9
  const admission = new Admission({ ...options, memoryLimit: 2e9, memory: () => memory })
  const refused = admission.enter(new Cancellation())
  await expect(refused).rejects.toThrow('the worker takes 3000 MB, and may take 2000 MB')
  await expect(refused).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  memory = 1e9
  await expect
    .poll(() =>
      admission.enter(new Cancellation()).then(
        () => 'entered',
        () => 'refused',
      ),
    )
    .toBe('entered')
})
