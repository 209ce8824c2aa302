import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallChannel } from '../../src/protocol/callChannel.ts'
import type {
  ProvidedReplica,
  ReplicaExit,
  ReplicaLease,
  ReplicaProvider,
} from '../../udf/scaling/replica.ts'
import { ReplicaSet, type ReplicaSetOptions } from '../../udf/scaling/replicaSet.ts'
import { VirtualClock } from '../virtualClock.ts'
import { groupSpec } from './groups.ts'

const never = new Cancellation()

/** A replica on a virtual clock, whose health and end a test decides. */
export class SimulatedReplica implements ProvidedReplica {
  readonly id: string
  readonly endpoint: string
  readonly pid = null
  readonly readyAt: number
  readonly ended: Promise<ReplicaExit>
  /** Leases that are out. */
  readonly leases = new Set<ReplicaLease>()
  answers = true
  hasEnded = false
  /** Milliseconds of a core. */
  used: number | null = 0
  /** What it was stopped with, and how many calls it had then; null before. */
  stopped: { readonly graceMs: number; readonly calls: number } | null = null
  #end: (exit: ReplicaExit) => void = () => undefined

  constructor(id: string, readyAt: number) {
    this.id = id
    this.endpoint = `${id}:1`
    this.readyAt = readyAt
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  async cpuTime(): Promise<number | null> {
    return this.used
  }

  async stop(graceMs: number): Promise<void> {
    if (!this.hasEnded) this.stopped = { graceMs, calls: this.leases.size }
    this.crash({ code: 0 })
    await this.ended
  }

  crash(exit: Partial<ReplicaExit> = {}): void {
    this.hasEnded = true
    this.#end({ code: 1, signal: null, problem: null, isPortTaken: false, ...exit })
  }
}

/** A group whose replicas are simulated. */
export class SimulatedGroup {
  readonly clock = new VirtualClock()
  readonly replicas: SimulatedReplica[] = []
  /** `ready embedder-1` and the like. */
  readonly events: string[] = []
  readonly set: ReplicaSet
  /** Milliseconds that a replica takes to start. */
  startup = 1000
  /** What `start` fails with. */
  refusal: EngineError | null = null
  /** What becomes of a replica that was just started. */
  onStart: (replica: SimulatedReplica) => void = () => undefined

  constructor(
    group: Partial<ScalingGroupSpec> = {},
    provider?: ReplicaProvider,
    options: Pick<ReplicaSetOptions, 'startsAtOnce'> = {},
  ) {
    this.set = new ReplicaSet({
      ...options,
      group: groupSpec(group),
      revision: 1,
      provider: provider ?? this.#provider(),
      connect: (endpoint) => this.#connect(endpoint),
      clock: this.clock,
      random: () => 0,
      log: ({ kind, replica, detail }) => {
        this.events.push([kind, replica, detail].filter((part) => part !== null).join(' '))
      },
    })
  }

  /** Those that have not ended. */
  get running(): readonly SimulatedReplica[] {
    return this.replicas.filter(({ hasEnded }) => !hasEnded)
  }

  /** State and calls of each replica. */
  get shown(): readonly string[] {
    return this.set.status().replicas.map(({ id, state, inFlight }) => `${id} ${state} ${inFlight}`)
  }

  async acquire(): Promise<ReplicaLease> {
    return this.#recorded(await this.set.acquire(never))
  }

  /** Makes a call that takes so many milliseconds, unless its connection is closed before. Says how it ended. */
  async call(milliseconds: number): Promise<string> {
    const lease = await this.acquire()
    const given = await Promise.race([
      this.clock.sleep(milliseconds, never).then(() => 'answered'),
      lease.channel.call({ name: '', payload: new Uint8Array(), headers: {}, deadline: null, signal: never }),
    ])
    const outcome = given === 'answered' ? 'answered' : 'unavailable'
    lease.release(outcome)
    return outcome
  }

  #recorded(lease: ReplicaLease): ReplicaLease {
    const replica = this.replicas.find(({ endpoint }) => endpoint === lease.endpoint)
    replica?.leases.add(lease)
    return {
      ...lease,
      release(outcome) {
        replica?.leases.delete(lease)
        lease.release(outcome)
      },
    }
  }

  #provider(): ReplicaProvider {
    return {
      scales: true,
      start: async () => {
        if (this.refusal !== null) throw this.refusal
        const id = `embedder-${this.replicas.length + 1}`
        const replica = new SimulatedReplica(id, this.clock.now() + this.startup)
        this.replicas.push(replica)
        this.onStart(replica)
        return replica
      },
      watch: () => undefined,
      close: async () => {
        await Promise.all(this.running.map((replica) => replica.stop(0)))
      },
    }
  }

  /** Calls over it hang until it is closed. */
  #connect(endpoint: string): CallChannel {
    const replica = this.replicas.find((each) => each.endpoint === endpoint)
    const closing = new Cancellation()
    return {
      endpoint,
      call: () =>
        new Promise((resolve) => {
          closing.listen(() => resolve([]))
        }),
      stream() {
        throw new EngineError('INTERNAL', 'no items are simulated')
      },
      isServing: async (_service, timeoutMs) => {
        const isReady = replica === undefined || this.clock.now() >= replica.readyAt
        if (isReady && replica?.answers !== false && !replica?.hasEnded) return true
        // One that is not there refuses at once; one that hangs does not.
        if (isReady && !replica?.hasEnded) await this.clock.sleep(timeoutMs, closing).catch(() => undefined)
        return false
      },
      close: () => closing.abort(null),
    }
  }
}
