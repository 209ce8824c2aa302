import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LimitStore } from '../../catalog/store/stateStore.ts'
import { repeats } from '../repeats.ts'

export interface OpenedLimits {
  readonly limits: LimitStore
  /** The same limits as another process sees them; the same object where there is no other process. */
  readonly others: LimitStore
  close(): Promise<void>
}

const NOW = 1_700_000_000_000

/** The contract of `LimitStore`: every store passes it. */
export function describeLimitStore(name: string, open: () => Promise<OpenedLimits>): void {
  describe(`the limits of the ${name} store`, () => {
    let opened: OpenedLimits
    let keys = 0
    const newKey = (): string => `key ${++keys} 'ü"`

    beforeAll(async () => {
      opened = await open()
    })
    afterAll(async () => opened.close())

    it('gives so many tokens in a window, then says how long to wait', async () => {
      const { limits, others } = opened
      const key = newKey()
      const limit = { tokens: 3, windowMs: 1000 }
      expect(await limits.takeToken(key, limit, NOW)).toBe(0)
      expect(await others.takeToken(key, limit, NOW + 100)).toBe(0)
      expect(await limits.takeToken(key, limit, NOW + 400)).toBe(0)
      expect(await limits.takeToken(key, limit, NOW + 500)).toBe(500)
      expect(await others.takeToken(key, limit, NOW + 999)).toBe(1)
      expect(await others.takeToken(key, limit, NOW + 1000)).toBe(0)
      expect(await limits.takeToken(key, limit, NOW + 1000)).toBe(100)
      expect(await limits.takeToken(newKey(), limit, NOW + 1000)).toBe(0)
    })

    it('never gives more tokens than any window may hold, and never fewer', async () => {
      const { limits, others } = opened
      const asks = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.boolean()), { maxLength: 60 })
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 200 }),
          asks,
          async (tokens, windowMs, times) => {
            const key = newKey()
            const taken: number[] = []
            let now = NOW
            for (const [later, elsewhere] of times) {
              now += later
              const inWindow = taken.filter((time) => time > now - windowMs)
              const wait = await (elsewhere ? others : limits).takeToken(key, { tokens, windowMs }, now)
              expect(wait).toBe(inWindow.length < tokens ? 0 : inWindow.at(-tokens)! + windowMs - now)
              if (wait === 0) taken.push(now)
            }
          },
        ),
        { numRuns: repeats(50) },
      )
    })

    it('counts the tokens of a key for everybody, whatever limit they name', async () => {
      const { limits, others } = opened
      const key = newKey()
      expect(await limits.takeToken(key, { tokens: 2, windowMs: 100 }, NOW)).toBe(0)
      expect(await limits.takeToken(key, { tokens: 2, windowMs: 100 }, NOW)).toBe(0)
      expect(await others.takeToken(key, { tokens: 2, windowMs: 1000 }, NOW + 500)).toBeGreaterThan(0)
      expect(await others.takeToken(key, { tokens: 3, windowMs: 1000 }, NOW + 500)).toBe(0)
    })

    it('waits no longer than a window when the clock is set back', async () => {
      const { limits } = opened
      const key = newKey()
      const limit = { tokens: 1, windowMs: 1000 }
      expect(await limits.takeToken(key, limit, NOW)).toBe(0)
      const wait = await limits.takeToken(key, limit, NOW - 3_600_000)
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(1000)
      expect(await limits.takeToken(key, limit, NOW - 3_600_000 + wait)).toBe(0)
    })

    it('gives so many slots, and each again once it is given back', async () => {
      const { limits, others } = opened
      const key = newKey()
      const first = await limits.acquire(key, 2, 1000, NOW)
      const second = await others.acquire(key, 2, 1000, NOW)
      expect(first).toMatchObject({ key })
      expect(second?.id).not.toBe(first?.id)
      expect(await limits.acquire(key, 2, 1000, NOW)).toBeNull()
      expect(await others.acquire(key, 3, 1000, NOW)).not.toBeNull()
      expect(await limits.acquire(newKey(), 1, 1000, NOW)).not.toBeNull()
      await others.release(first!)
      expect(await limits.acquire(key, 3, 1000, NOW)).not.toBeNull()
      expect(await limits.acquire(key, 3, 1000, NOW)).toBeNull()
      await limits.release(first!)
      expect(await limits.acquire(key, 3, 1000, NOW)).toBeNull()
    })

    it('takes a slot back when its lease runs out', async () => {
      const { limits, others } = opened
      const key = newKey()
      const lost = await limits.acquire(key, 1, 1000, NOW)
      expect(await others.acquire(key, 1, 1000, NOW + 999)).toBeNull()
      const next = await others.acquire(key, 1, 1000, NOW + 1000)
      expect(next).not.toBeNull()
      expect(await limits.renew(lost!, 1000, NOW + 1001)).toBe(false)
      await limits.release(lost!)
      expect(await limits.acquire(key, 1, 1000, NOW + 1002)).toBeNull()
    })

    it('keeps a slot whose lease is renewed in time, and no other', async () => {
      const { limits, others } = opened
      const key = newKey()
      const lease = (await limits.acquire(key, 1, 1000, NOW))!
      expect(await limits.renew(lease, 1000, NOW + 900)).toBe(true)
      expect(await others.acquire(key, 1, 1000, NOW + 1800)).toBeNull()
      expect(await limits.renew(lease, 1000, NOW + 1900)).toBe(false)
      expect(await limits.renew({ key, id: 'unknown' }, 1000, NOW)).toBe(false)
    })

    it('never has more holders than slots, whatever they do', async () => {
      const { limits, others } = opened
      const act = fc.tuple(
        fc.constantFrom('acquire', 'renew', 'release'),
        fc.integer({ min: 0, max: 40 }),
        fc.nat(),
        fc.boolean(),
      )
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 3 }),
          fc.array(act, { maxLength: 60 }),
          async (slots, acts) => {
            const key = newKey()
            const held = new Map<string, number>()
            let now = NOW
            for (const [kind, later, which, elsewhere] of acts) {
              now += later
              const store = elsewhere ? others : limits
              const id = [...held.keys()][which % Math.max(1, held.size)]
              if (kind === 'acquire') {
                const free = [...held.values()].filter((until) => until > now).length < slots
                const lease = await store.acquire(key, slots, 50, now)
                expect(lease !== null).toBe(free)
                if (lease !== null) held.set(lease.id, now + 50)
              } else if (id !== undefined && kind === 'renew') {
                const good = held.get(id)! > now
                expect(await store.renew({ key, id }, 50, now)).toBe(good)
                if (good) held.set(id, now + 50)
                else held.delete(id)
              } else if (id !== undefined) {
                await store.release({ key, id })
                held.delete(id)
              }
            }
          },
        ),
        { numRuns: repeats(50) },
      )
    })
  })
}
