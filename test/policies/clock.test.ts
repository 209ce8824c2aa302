import { describe, expect, it } from 'vitest'
import { systemClock } from '../../udf/clock.ts'

describe("the system's clock", () => {
  it('sleeps as long as it is told, or until it is told otherwise', async () => {
    const { signal } = new AbortController()
    const began = performance.now()
    await systemClock.sleep(20, signal)
    expect(performance.now() - began).toBeGreaterThanOrEqual(19)
    await systemClock.sleep(0, signal)
    await expect(systemClock.sleep(10, AbortSignal.abort('no'))).rejects.toBe('no')
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(100)
  })

  it('does not wake early from more than a timer can count', async () => {
    const controller = new AbortController()
    const sleeps = [2 ** 31, 2 ** 40, Infinity].map((time) =>
      systemClock.sleep(time, controller.signal).then(
        () => 'woken',
        (reason: unknown) => reason,
      ),
    )
    await systemClock.sleep(20, new AbortController().signal)
    controller.abort('enough')
    expect(await Promise.all(sleeps)).toEqual(['enough', 'enough', 'enough'])
  })
})
