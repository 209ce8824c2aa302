import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  desiredReplicas,
  emptyHistory,
  neededReplicas,
  replicasByCpu,
  replicasByQueue,
  type ScalingHistory,
  type ScalingRules,
  withNeeded,
} from '../../udf/scaling/autoscaler.ts'
import { dispensable, leastLoaded } from '../../udf/scaling/balance.ts'

const rules: ScalingRules = {
  minReplicas: 0,
  maxReplicas: 10,
  maxConcurrentRequests: 8,
  targetQueueDepth: null,
  targetCpuUtilizationPercentage: 50,
  shutdownDelaySeconds: 30,
}

describe('by the queue', () => {
  it('wants as many replicas as the calls fill', () => {
    expect([0, 1, 8, 9, 80].map((calls) => replicasByQueue(calls, rules))).toEqual([0, 1, 1, 2, 10])
    expect(replicasByQueue(9, { ...rules, targetQueueDepth: 2 })).toBe(5)
  })
})

describe('by the processors', () => {
  it("follows the formula of Kubernetes' autoscaler, and leaves a tenth alone", () => {
    expect(replicasByCpu([100, 100], rules)).toBe(4)
    expect(replicasByCpu([10, 10, 10, 10], rules)).toBe(1)
    expect(replicasByCpu([54, 54], rules)).toBe(2)
    expect(replicasByCpu([46, 46], rules)).toBe(2)
    expect(replicasByCpu([56, 56], rules)).toBe(3)
  })

  it('does not count what rounding adds', () => {
    expect(replicasByCpu([200 / 3, 200 / 3, 200 / 3], rules)).toBe(4)
  })

  it('says nothing without a target, or without replicas that tell', () => {
    expect(replicasByCpu([80], { targetCpuUtilizationPercentage: null })).toBeNull()
    expect(replicasByCpu([], rules)).toBeNull()
  })

  it('comes to rest under constant work, whatever the number to begin with', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 1, max: 4000, noNaN: true }),
        (begin, work) => {
          const next = (replicas: number): number =>
            Math.max(1, replicasByCpu(Array(replicas).fill(work / replicas), rules) ?? 0)
          const first = next(begin)
          expect(next(first)).toBe(first)
        },
      ),
    )
  })
})

describe('both together', () => {
  it('takes the higher one', () => {
    expect(neededReplicas({ calls: 9, byCpu: 1 }, rules)).toBe(2)
    expect(neededReplicas({ calls: 1, byCpu: 5 }, rules)).toBe(5)
  })

  it('lets processors count only while there are calls', () => {
    expect(neededReplicas({ calls: 0, byCpu: 5 }, rules)).toBe(0)
  })

  it('stays within the bounds of the group', () => {
    const load = fc.record({
      calls: fc.nat(1000),
      byCpu: fc.option(fc.nat(1000)),
    })
    fc.assert(
      fc.property(load, fc.nat(5), fc.nat(20), (given, minReplicas, more) => {
        const bounded = { ...rules, minReplicas, maxReplicas: minReplicas + more }
        const needed = neededReplicas(given, bounded)
        expect(needed).toBeGreaterThanOrEqual(minReplicas)
        expect(needed).toBeLessThanOrEqual(minReplicas + more)
      }),
    )
  })
})

describe('over time', () => {
  it('adds at once', () => {
    expect(wantedAt(0, [[0, 3]])).toBe(3)
  })

  it('takes away when less was enough for the whole delay', () => {
    const used: [number, number][] = [
      [0, 4],
      [10, 2],
      [20, 0],
    ]
    expect([20, 39.9, 40, 49.9, 50].map((at) => wantedAt(at, used))).toEqual([4, 4, 2, 2, 0])
  })

  it('keeps its number while the load comes and goes', () => {
    const needed = Array.from({ length: 50 }, (_, i): [number, number] => [i * 5, i % 2 === 0 ? 3 : 1])
    expect(
      [1, 7, 100, 247].map((at) =>
        wantedAt(
          at,
          needed.filter(([when]) => when <= at),
        ),
      ),
    ).toEqual([3, 3, 3, 3])
  })

  it('is the most that was needed within the delay', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.nat(10)), { maxLength: 40 })
    fc.assert(
      fc.property(steps, fc.nat(60), (given, rest) => {
        let [now, history] = [0, emptyHistory]
        const levels: { from: number; replicas: number }[] = [{ from: 0, replicas: 0 }]
        for (const [seconds, replicas] of given) {
          now += seconds
          history = withNeeded(history, replicas, now * 1000)
          levels.push({ from: now, replicas })
        }
        now += rest
        const since = now - rules.shutdownDelaySeconds
        const counted = levels.filter((_, i) => (levels[i + 1]?.from ?? Infinity) > since)
        const most = Math.max(...counted.map(({ replicas }) => replicas))
        expect(desiredReplicas(history, now * 1000, rules)).toBe(most)
      }),
    )
  })
})

describe('which replica', () => {
  const slots = fc.array(
    fc.record({
      state: fc.constantFrom('starting', 'ready', 'ejected', 'draining', 'backoff'),
      inFlight: fc.nat(4),
    }),
    { maxLength: 8 },
  )

  it('takes a ready one with the least calls', () => {
    fc.assert(
      fc.property(slots, fc.nat(100), fc.integer({ min: 1, max: 4 }), (given, from, callsMax) => {
        const free = given.filter(({ state, inFlight }) => state === 'ready' && inFlight < callsMax)
        const taken = leastLoaded(given, { from, callsMax })
        expect(taken === null).toBe(free.length === 0)
        if (taken === null) return
        expect(free).toContain(taken)
        expect(taken.inFlight).toBe(Math.min(...free.map(({ inFlight }) => inFlight)))
      }),
    )
  })

  it('takes turns among equals', () => {
    const equal = [0, 1, 2].map((name) => ({ name, state: 'ready' as const, inFlight: 0 }))
    const turns = [0, 1, 2, 3].map((from) => leastLoaded(equal, { from, callsMax: 2 })?.name)
    expect(turns).toEqual([0, 1, 2, 0])
  })

  it('does without those that are of no use first, then those with the least calls, never those that start', () => {
    fc.assert(
      fc.property(slots, fc.nat(8), (given, wanted) => {
        const left = dispensable(given, wanted)
        const started = given.filter(({ state }) => state !== 'starting' && state !== 'draining')
        expect(left).toHaveLength(Math.max(0, started.length - wanted))
        const kept = started.filter((slot) => !left.includes(slot))
        const busiest = Math.max(0, ...left.filter(isReady).map(({ inFlight }) => inFlight))
        for (const slot of kept.filter(isReady)) expect(slot.inFlight).toBeGreaterThanOrEqual(busiest)
        if (left.some(isReady)) expect(kept.some(({ state }) => state === 'backoff')).toBe(false)
      }),
    )
  })
})

function isReady({ state }: { readonly state: string }): boolean {
  return state === 'ready'
}

/** Replicas that are wanted at the end, of what was needed when, in seconds. */
function wantedAt(seconds: number, needed: readonly (readonly [at: number, replicas: number])[]): number {
  const history = needed.reduce<ScalingHistory>(
    (past, [at, replicas]) => withNeeded(past, replicas, at * 1000),
    emptyHistory,
  )
  return desiredReplicas(history, seconds * 1000, rules)
}
