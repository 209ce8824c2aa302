import { describe, expect, it } from 'vitest'
import { Cancellation } from '../../src/base/cancellation.ts'
import { EngineError, messageOf } from '../../src/base/errors.ts'
import { SimulatedGroup } from './simulatedReplicas.ts'

const never = new Cancellation()

describe('starts', () => {
  it('come one after the other where they would slow each other down', async () => {
    const group = new SimulatedGroup({ minReplicas: 3, maxReplicas: 3 }, undefined, { startsAtOnce: 1 })
    const prepared = group.set.prepare()
    await group.clock.settle()
    expect(group.shown).toEqual(['embedder-1 starting 0'])
    await group.clock.until(prepared)
    await group.clock.settle()
    expect(group.shown).toEqual(['embedder-1 ready 0', 'embedder-2 starting 0'])
    await group.clock.advance(10_000)
    expect(group.shown).toEqual(['embedder-1 ready 0', 'embedder-2 ready 0', 'embedder-3 ready 0'])
    await group.set.close()
  })
})

describe('places', () => {
  it('are given to the replica with the least calls, to each only as many as it takes', async () => {
    const group = new SimulatedGroup({ minReplicas: 2, maxReplicas: 2 })
    await group.clock.until(group.set.prepare())
    await group.clock.advance(1000)
    const leases = await Promise.all([1, 2, 3, 4].map(() => group.acquire()))
    expect(group.shown).toEqual(['embedder-1 ready 2', 'embedder-2 ready 2'])
    const fifth = group.acquire()
    await group.clock.settle()
    expect(group.set.status()).toMatchObject({ waiting: 1, inFlight: 4 })
    leases[2]!.release('answered')
    expect((await fifth).endpoint).toBe(leases[2]!.endpoint)
    await group.set.close()
  })

  it('are given at once where one is free', async () => {
    const group = new SimulatedGroup()
    await group.clock.until(group.set.prepare())
    let given = false
    const take = async (): Promise<void> => {
      await group.set.acquire(never)
      given = true
    }
    const taken = take()
    await Promise.resolve()
    expect(given).toBe(true)
    await taken
    await group.set.close()
  })

  it('are given in the order in which calls came, and not to those that gave up', async () => {
    const group = new SimulatedGroup({ maxReplicas: 1, maxConcurrentRequests: 1 })
    const first = await group.clock.until(group.acquire())
    const order: string[] = []
    const wait = async (name: string, signal = never): Promise<void> => {
      try {
        const lease = await group.set.acquire(signal)
        order.push(name)
        lease.release('answered')
      } catch (reason) {
        order.push(`${name} ${String(reason)}`)
      }
    }
    const cancellation = new Cancellation()
    const all = [wait('second'), wait('third', cancellation), wait('fourth')]
    cancellation.abort('gave up')
    first.release('answered')
    await group.clock.until(Promise.all(all))
    expect(order).toEqual(['third gave up', 'second', 'fourth'])
    expect(group.set.status()).toMatchObject({ waiting: 0, inFlight: 0 })
    await group.set.close()
  })

  it('are not given to a signal that has aborted', async () => {
    const group = new SimulatedGroup()
    const cancellation = new Cancellation()
    cancellation.abort(new Error('too late'))
    await expect(group.set.acquire(cancellation)).rejects.toThrow('too late')
    expect(group.replicas).toHaveLength(0)
  })

  it('release once', async () => {
    const group = new SimulatedGroup()
    const lease = await group.clock.until(group.acquire())
    lease.release('answered')
    lease.release('unavailable')
    expect(group.set.status().inFlight).toBe(0)
    expect(group.shown).toEqual(['embedder-1 ready 0'])
    await group.set.close()
  })

  it('say how many there may be', async () => {
    const group = new SimulatedGroup({ maxReplicas: 3, maxConcurrentRequests: 5 })
    expect(group.set.capacity).toBe(15)
  })
})

describe('a group without replicas', () => {
  it('holds calls while one starts', async () => {
    const group = new SimulatedGroup()
    const begun = group.clock.now()
    await group.clock.until(group.call(10))
    expect(group.clock.now() - begun).toBeLessThan(group.startup + 510)
    expect(group.replicas).toHaveLength(1)
    await group.set.close()
  })

  it('fails calls at once where they may not be held, and starts one', async () => {
    const group = new SimulatedGroup({ scaleFromZero: 'error' })
    await expect(group.acquire()).rejects.toThrow(
      "scaling group 'embedder' has no replica that is ready\n  one is being started: call again later, or let calls wait for it with scaleFromZero: 'hold'",
    )
    await group.clock.advance(2000)
    expect(await group.clock.until(group.call(10))).toBe('answered')
    await group.set.close()
  })

  it('fails calls when nothing starts, with the last words of what was tried', async () => {
    const group = new SimulatedGroup()
    group.onStart = (replica) => replica.crash({ code: 3, problem: 'Traceback\nno module model' })
    await expect(group.clock.until(group.acquire())).rejects.toThrow(
      "a replica of scaling group 'embedder' ended before it was ready: exit code 3; its last words:\n  Traceback\n  no module model",
    )
    expect(group.replicas).toHaveLength(3)
    await expect(group.acquire()).rejects.toMatchObject({ code: 'GROUP_START_FAILED' })
    await group.set.close()
  })

  it('takes calls again when a replica starts after all', async () => {
    const group = new SimulatedGroup()
    group.onStart = (replica) => {
      if (group.replicas.length <= 4) replica.crash()
    }
    await expect(group.clock.until(group.set.prepare())).rejects.toMatchObject({ code: 'GROUP_START_FAILED' })
    await group.clock.advance(29_000)
    expect(group.shown).toEqual(['embedder-5 ready 0'])
    expect(await group.clock.until(group.call(10))).toBe('answered')
    await group.set.close()
  })

  it('fails calls at once where nothing can be started', async () => {
    const group = new SimulatedGroup()
    group.refusal = new EngineError('GROUP_START_FAILED', 'there is no such program')
    await expect(group.acquire()).rejects.toThrow('there is no such program')
    await group.set.close()
  })

  it('gives a replica up that is not ready in time', async () => {
    const group = new SimulatedGroup()
    group.startup = 60_000
    await expect(group.clock.until(group.set.prepare())).rejects.toThrow(
      "a replica of scaling group 'embedder' was not ready within 20000 ms\n  it must answer the health service on the port that it is given ({port}, or the variable PORT): see that it does, or allow more with readinessProbe: { startupTimeout: … }",
    )
    expect(group.replicas[0]!.stopped).toEqual({ graceMs: 0, calls: 0 })
    await group.set.close()
  })

  it('starts again at once when another program had the port, but not for ever', async () => {
    const group = new SimulatedGroup()
    group.onStart = (replica) => {
      if (group.replicas.length <= 3) replica.crash({ isPortTaken: true })
    }
    const begun = group.clock.now()
    await group.clock.until(group.call(10))
    expect(group.clock.now() - begun).toBeLessThan(group.startup + 510)
    await group.set.close()
    const stubborn = new SimulatedGroup()
    stubborn.onStart = (replica) => replica.crash({ isPortTaken: true })
    await expect(stubborn.clock.until(stubborn.acquire())).rejects.toMatchObject({
      code: 'GROUP_START_FAILED',
    })
    await stubborn.set.close()
  })
})

describe('replicas that fail', () => {
  it('are started again, later each time, and soon where they were of use', async () => {
    const group = new SimulatedGroup({ minReplicas: 1 })
    const started: number[] = []
    group.onStart = (replica) => {
      started.push(group.clock.now())
      if (group.replicas.length <= 4) replica.crash()
    }
    await expect(group.clock.until(group.set.prepare())).rejects.toThrow('exit code 1')
    await group.clock.advance(20_000)
    expect(started.slice(1).map((at, i) => at - started[i]!)).toEqual([1000, 2000, 4000, 8000])
    await group.clock.until(group.call(10))
    group.replicas.at(-1)!.crash()
    await group.clock.settle()
    const ended = group.clock.now()
    await group.clock.until(group.call(10))
    expect(started.at(-1)! - ended).toBe(1000)
    expect(group.set.status().replicas).toMatchObject([{ id: 'embedder-6', restarts: 5 }])
    await group.set.close()
  })

  it('are taken out when a call does not reach them, and asked before they come back', async () => {
    const group = new SimulatedGroup({ minReplicas: 2, maxReplicas: 2 })
    await group.clock.until(group.set.prepare())
    await group.clock.advance(1000)
    const [lost] = group.replicas
    lost!.answers = false
    const leases = await Promise.all([group.acquire(), group.acquire()])
    leases.find(({ endpoint }) => endpoint === lost!.endpoint)!.release('unavailable')
    expect(group.shown[0]).toBe('embedder-1 ejected 0')
    await group.clock.advance(5000)
    expect(group.shown[0]).toBe('embedder-1 ejected 0')
    lost!.answers = true
    await group.clock.advance(5000)
    expect(group.shown[0]).toBe('embedder-1 ready 0')
    expect(group.events).toContain('ejected embedder-1 a call did not reach it')
    expect(group.events).toContain('readmitted embedder-1')
    await group.set.close()
  })

  it('are left alone for longer each time that they fail again at once', async () => {
    const group = new SimulatedGroup({ maxReplicas: 1 })
    const waits: number[] = []
    for (let i = 0; i < 5; i++) {
      const before = group.clock.now()
      const lease = await group.clock.until(group.acquire())
      waits.push(group.clock.now() - before)
      lease.release('unavailable')
    }
    expect(waits.slice(1)).toEqual([0, 250, 500, 1000])
    await group.set.close()
  })

  it('are taken out when they miss several questions in a row', async () => {
    const group = new SimulatedGroup({ minReplicas: 1 })
    await group.clock.until(group.set.prepare())
    group.replicas[0]!.answers = false
    await group.clock.advance(3000)
    expect(group.shown).toEqual(['embedder-1 ready 0'])
    await group.clock.advance(5000)
    expect(group.shown).toEqual(['embedder-1 ejected 0'])
    await group.set.close()
  })

  it('are started again when they are silent for too long, but not while they have calls', async () => {
    const group = new SimulatedGroup({ minReplicas: 1 })
    const lease = await group.clock.until(group.acquire())
    const [replica] = group.replicas
    replica!.answers = false
    // Whoever computes for long may have no time to answer.
    const working = new Cancellation()
    const work = async (): Promise<void> => {
      for (;;) {
        await group.clock.sleep(100, working)
        replica!.used = replica!.used! + 100
      }
    }
    const worked = work().catch(() => undefined)
    await group.clock.advance(120_000)
    expect(replica!.stopped).toBeNull()
    lease.release('cancelled')
    await group.clock.advance(30_000)
    expect(replica!.stopped).toEqual({ graceMs: 0, calls: 0 })
    expect(group.events).toContain('failed embedder-1 it did not answer for too long')
    expect(group.replicas).toHaveLength(2)
    working.abort(null)
    await worked
    await group.set.close()
  })
})

describe('a replica that hangs', () => {
  it('gets no more calls, and those that it has are made elsewhere', async () => {
    const group = new SimulatedGroup({ minReplicas: 2, maxReplicas: 2 })
    await group.clock.until(group.set.prepare())
    await group.clock.advance(1000)
    for (let i = 0; i < 4; i++) await group.clock.until(group.call(20))
    group.replicas[0]!.answers = false
    const begun = group.clock.now()
    const hanging = group.clock.until(Promise.all([1, 2].map(() => group.call(1e9))))
    await group.clock.advance(100)
    expect(group.shown.map((shown) => shown.slice(-1))).toEqual(['1', '1'])
    const settled = Promise.race([hanging, group.clock.sleep(3000, never)])
    await settled
    expect(group.clock.now() - begun).toBeGreaterThanOrEqual(3000)
    expect(group.shown).toEqual(['embedder-1 ejected 0', 'embedder-2 ready 1'])
    expect(group.events.filter((event) => event.startsWith('abandoned'))).toEqual([
      'abandoned embedder-1 it said nothing and did nothing for 1000 ms',
    ])
    await group.set.close()
    await hanging
  })
})

describe('draining', () => {
  it('ends replicas when their calls are done, and takes no more', async () => {
    const group = new SimulatedGroup({ minReplicas: 2 })
    const call = group.call(5000)
    await group.clock.advance(2000)
    const drained = group.set.drain()
    await expect(group.acquire()).rejects.toThrow(
      "scaling group 'embedder' is being ended and takes no more calls",
    )
    await group.clock.advance(1000)
    expect(group.running).toHaveLength(1)
    expect(await group.clock.until(call)).toBe('answered')
    await group.clock.until(drained)
    expect(group.replicas.map(({ stopped }) => stopped)).toEqual([
      { graceMs: 30_000, calls: 0 },
      { graceMs: 30_000, calls: 0 },
    ])
    expect(group.clock.pending).toBe(0)
  })

  it('serves the calls that wait already', async () => {
    const group = new SimulatedGroup({ maxReplicas: 1, maxConcurrentRequests: 1 })
    const calls = [1, 2, 3].map(() => group.call(100))
    await group.clock.settle()
    const drained = group.set.drain()
    expect(await group.clock.until(Promise.all(calls))).toEqual(['answered', 'answered', 'answered'])
    await group.clock.until(drained)
    expect(group.running).toHaveLength(0)
  })
})

describe('closing', () => {
  it('fails the calls that wait, ends all replicas, and leaves no timer behind', async () => {
    const group = new SimulatedGroup({ maxReplicas: 1, maxConcurrentRequests: 1 })
    await group.clock.until(group.acquire())
    const waiting = group.acquire().catch(messageOf)
    await group.set.close()
    expect(await waiting).toBe("the replicas of scaling group 'embedder' were closed")
    expect(group.running).toHaveLength(0)
    expect(group.clock.pending).toBe(0)
    await expect(group.acquire()).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
  })
})
