import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import { SimulatedGroup } from './simulatedReplicas.ts'

/** So many callers at once, for so many seconds. */
interface Step {
  readonly callers: number
  readonly seconds: number
}

/** What a group did under some load. */
interface Course {
  readonly group: SimulatedGroup
  /** Replicas that take or will take calls, by the number of the step, each time that it changed. */
  readonly replicas: readonly (readonly number[])[]
}

/** Runs callers, each of which makes a call as soon as its last one is done, and looks at the group four times a second. */
async function follow(
  group: SimulatedGroup,
  steps: readonly Step[],
  callMs: number,
): Promise<readonly (readonly number[])[]> {
  const seen: number[][] = []
  await group.clock.until(group.set.prepare())
  for (const { callers, seconds } of steps) {
    const changes: number[] = []
    seen.push(changes)
    const end = group.clock.now() + seconds * 1000
    const caller = async (): Promise<void> => {
      while (group.clock.now() < end) await group.call(callMs)
    }
    const all = Promise.all(Array.from({ length: callers }, caller))
    while (group.clock.now() < end) {
      const active = group.set.status().replicas.filter(({ state }) => state !== 'draining').length
      if (changes.at(-1) !== active) changes.push(active)
      await group.clock.advance(250)
    }
    await group.clock.until(all)
  }
  return seen
}

async function run(given: Partial<ScalingGroupSpec>, steps: readonly Step[], callMs = 400): Promise<Course> {
  const group = new SimulatedGroup({ shutdownDelaySeconds: 5, ...given })
  return { group, replicas: await follow(group, steps, callMs) }
}

/** How often numbers turn from growing to shrinking, or back. */
function turns(numbers: readonly number[]): number {
  const directions = numbers.slice(1).map((number, i) => Math.sign(number - numbers[i]!))
  return directions.slice(1).filter((direction, i) => direction !== directions[i]).length
}

describe('under load', () => {
  const bounds = fc
    .tuple(fc.nat(2), fc.integer({ min: 1, max: 5 }))
    .map(([minReplicas, more]) => ({ minReplicas, maxReplicas: minReplicas + more }))
  const steps = fc.array(fc.record({ callers: fc.nat(16), seconds: fc.integer({ min: 1, max: 20 }) }), {
    minLength: 1,
    maxLength: 5,
  })

  it('a group stays within its bounds, ends no replica with calls, and comes down to its least', async () => {
    await fc.assert(
      fc.asyncProperty(bounds, steps, fc.integer({ min: 50, max: 3000 }), async (given, load, callMs) => {
        const { group, replicas } = await run(given, [...load, { callers: 0, seconds: 12 }], callMs)
        const { minReplicas, maxReplicas } = given
        for (const number of replicas.flat()) {
          expect(number).toBeGreaterThanOrEqual(minReplicas)
          expect(number).toBeLessThanOrEqual(maxReplicas)
        }
        expect(group.running).toHaveLength(minReplicas)
        for (const { stopped } of group.replicas) expect(stopped?.calls ?? 0).toBe(0)
        await group.set.close()
        expect(group.clock.pending).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  it('a group never grows and shrinks by turns while the load stays the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 100, max: 8000 }),
        async (callers, callMs) => {
          const { group, replicas } = await run({ maxReplicas: 6 }, [{ callers, seconds: 40 }], callMs)
          expect(turns(replicas[0]!)).toBe(0)
          expect(replicas[0]!.at(-1)).toBe(Math.min(6, Math.ceil(callers / 2)))
          await group.set.close()
        },
      ),
      { numRuns: 20 },
    )
  })

  it('a square wave turns the number of replicas once a step, from none to the most and back', async () => {
    const wave = Array.from({ length: 6 }, (_, i) => ({ callers: i % 2 === 0 ? 8 : 0, seconds: 15 }))
    const { group, replicas } = await run({}, wave)
    expect(replicas.map((numbers) => numbers.at(-1))).toEqual([4, 0, 4, 0, 4, 0])
    for (const numbers of replicas) expect(turns(numbers)).toBe(0)
    expect(group.replicas).toHaveLength(12)
    await group.set.close()
  })

  it('pauses shorter than the delay change nothing', async () => {
    const wave = Array.from({ length: 12 }, (_, i) => ({ callers: i % 2 === 0 ? 8 : 0, seconds: 3 }))
    const { group } = await run({}, wave)
    expect(group.replicas).toHaveLength(4)
    await group.set.close()
  })

  it('a burst starts no more replicas than the calls fill', async () => {
    const group = new SimulatedGroup({ maxReplicas: 4 })
    await group.clock.until(Promise.all([1, 2, 3].map(() => group.call(100))))
    expect(group.replicas).toHaveLength(2)
    await group.set.close()
  })
})

describe('busy processors', () => {
  it('bring more replicas, as many as share the work, at the next look', async () => {
    const group = new SimulatedGroup({
      targetCpuUtilizationPercentage: 50,
      maxConcurrentRequests: 100,
      scalingIntervalSeconds: 10,
    })
    const calls = Promise.all(Array.from({ length: 4 }, () => group.call(60_000)))
    const ending = new Cancellation()
    // One and a half cores of work, shared by all.
    const work = async (): Promise<void> => {
      for (;;) {
        await group.clock.sleep(100, ending)
        for (const replica of group.running) replica.used = replica.used! + 150 / group.running.length
      }
    }
    const worked = work().catch(() => undefined)
    await group.clock.advance(9000)
    expect(group.replicas).toHaveLength(1)
    await group.clock.advance(31_000)
    expect(group.running).toHaveLength(3)
    expect(await group.clock.until(calls)).toHaveLength(4)
    await group.clock.advance(40_000)
    expect(group.running).toHaveLength(0)
    ending.abort(null)
    await worked
    await group.set.close()
  })
})

describe('a replica that is about to go', () => {
  it('is taken back into use where more calls come while it finishes its own', async () => {
    const group = new SimulatedGroup({ maxReplicas: 2, shutdownDelaySeconds: 0 })
    const leases = await group.clock.until(Promise.all([1, 2, 3, 4].map(() => group.acquire())))
    const ofEach = new Map(leases.map((lease) => [lease.endpoint, lease]))
    for (const lease of ofEach.values()) lease.release('answered')
    await group.clock.advance(100)
    expect(group.shown).toEqual(['embedder-1 ready 1', 'embedder-2 draining 1'])
    await Promise.all([group.acquire(), group.acquire()])
    expect(group.shown).toEqual(['embedder-1 ready 2', 'embedder-2 ready 2'])
    expect(group.replicas).toHaveLength(2)
    await group.set.close()
  })
})
