import { describe, expect, it } from 'vitest'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import type { CallChannel } from '../../src/protocol/callChannel.ts'
import { createReplicas } from '../../udf/scaling/createReplicas.ts'
import type { Replicas } from '../../udf/scaling/replica.ts'
import { VirtualClock } from '../virtualClock.ts'
import { groupSpec } from './groups.ts'

const never = new Cancellation()

/** Replicas at endpoints, of which those in `down` do not answer. */
function openStatic(
  endpoints: readonly string[],
  given: { readonly group?: Partial<ScalingGroupSpec>; readonly addresses?: () => readonly string[] } = {},
) {
  const clock = new VirtualClock()
  const down = new Set<string>()
  const groups: ScalingGroupSpec[] = []
  const connect = (endpoint: string, group: ScalingGroupSpec): CallChannel => {
    groups.push(group)
    return {
      endpoint,
      call: async () => [],
      stream() {
        throw new Error('no items are asked for')
      },
      isServing: async () => !down.has(endpoint),
      close: () => undefined,
    }
  }
  const group = groupSpec({ source: { kind: 'endpoints', endpoints }, provider: 'static', ...given.group })
  const replicas = createReplicas(
    { group, revision: 1 },
    { connect, clock, random: () => 0, resolve: async () => given.addresses?.() ?? [] },
  )
  return { replicas, clock, down, groups }
}

function endpointsOf(replicas: Replicas): readonly string[] {
  return replicas.status().replicas.map(({ endpoint, state }) => `${endpoint} ${state}`)
}

describe('a list of endpoints', () => {
  it('shares calls among those that answer', async () => {
    const { replicas, clock, down } = openStatic(['a:1', 'b:1', 'c:1'])
    down.add('b:1')
    await clock.until(replicas.prepare())
    await clock.advance(1000)
    expect(endpointsOf(replicas)).toEqual(['a:1 ready', 'b:1 starting', 'c:1 ready'])
    const leases = await Promise.all([1, 2, 3, 4].map(() => replicas.acquire(never)))
    expect(leases.map(({ endpoint }) => endpoint).toSorted()).toEqual(['a:1', 'a:1', 'c:1', 'c:1'])
    down.delete('b:1')
    expect((await clock.until(replicas.acquire(never))).endpoint).toBe('b:1')
    expect(replicas.capacity).toBe(6)
    await replicas.close()
    expect(clock.pending).toBe(0)
  })

  it('fails calls when none answers for as long as one may take to start', async () => {
    const { replicas, clock, down } = openStatic(['a:1', 'b:1'])
    down.add('a:1').add('b:1')
    const begun = clock.now()
    await expect(clock.until(replicas.acquire(never))).rejects.toThrow(
      "scaling group 'embedder' has no replica that answers: asked were a:1, b:1\n  see that its workers run, and that its endpoints are theirs",
    )
    expect(clock.now() - begun).toBe(20_000)
    await replicas.close()
  })

  it('fails them soon where they may not be held', async () => {
    const { replicas, clock, down } = openStatic(['a:1'], { group: { scaleFromZero: 'error' } })
    down.add('a:1')
    const begun = clock.now()
    await expect(clock.until(replicas.acquire(never))).rejects.toMatchObject({ code: 'GROUP_UNAVAILABLE' })
    expect(clock.now() - begun).toBe(3000)
    await replicas.close()
  })
})

describe('a name', () => {
  it('stands for all its addresses, which are looked up again', async () => {
    const addresses = ['10.0.0.1', '10.0.0.2']
    const { replicas, clock } = openStatic(['dns:workers:8080'], { addresses: () => [...addresses] })
    await clock.until(replicas.prepare())
    await clock.advance(1000)
    expect(endpointsOf(replicas)).toEqual(['10.0.0.1:8080 ready', '10.0.0.2:8080 ready'])
    const lease = await replicas.acquire(never)
    addresses.splice(0, 2, '10.0.0.3', '::1')
    await clock.advance(6000)
    expect(endpointsOf(replicas)).toEqual([
      `${lease.endpoint} draining`,
      '10.0.0.3:8080 ready',
      '[::1]:8080 ready',
    ])
    lease.release('answered')
    await clock.settle()
    expect(endpointsOf(replicas)).toEqual(['10.0.0.3:8080 ready', '[::1]:8080 ready'])
    await replicas.close()
    expect(clock.pending).toBe(0)
  })

  it('that stands for nothing yet holds calls', async () => {
    const addresses: string[] = []
    const { replicas, clock } = openStatic(['dns:workers:8080'], { addresses: () => [...addresses] })
    const lease = replicas.acquire(never)
    await clock.advance(7000)
    addresses.push('10.0.0.1')
    expect((await clock.until(lease)).endpoint).toBe('10.0.0.1:8080')
    await replicas.close()
  })

  it('that cannot be looked up leaves the replicas that are known', async () => {
    let isLost = false
    const { replicas, clock } = openStatic(['dns:workers:8080'], {
      addresses() {
        if (isLost) throw new Error('no server of names answers')
        return ['10.0.0.1']
      },
    })
    await clock.until(replicas.prepare())
    isLost = true
    await clock.advance(20_000)
    expect(endpointsOf(replicas)).toEqual(['10.0.0.1:8080 ready'])
    await replicas.close()
  })

  it('is the name that certificates have', async () => {
    const tls = { ca: null, cert: null, key: null, serverName: null }
    const { replicas, clock, groups } = openStatic(['dns:workers:8080'], {
      group: { tls },
      addresses: () => ['10.0.0.1'],
    })
    await clock.until(replicas.prepare())
    expect(groups[0]?.tls?.serverName).toBe('workers')
    await replicas.close()
  })

  it('is that of the service where the group is in a cluster', async () => {
    const { replicas, clock } = openStatic([], {
      group: {
        name: 'my_embedder',
        provider: 'kubernetes',
        source: { kind: 'command', command: ['serve'] },
      },
      addresses: () => ['10.0.0.1'],
    })
    await clock.until(replicas.prepare())
    expect(endpointsOf(replicas)).toEqual(['10.0.0.1:8080 ready'])
    await replicas.close()
  })
})
