import { readScalingGroup } from '../../catalog/groups/readScalingGroup.ts'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { type CallSignal, onAbort } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallChannel } from '../../src/protocol/callChannel.ts'
import type { GroupStatus, LeaseOutcome, ReplicaLease, Replicas } from '../../udf/scaling/replica.ts'

/** A group at these endpoints. */
export function groupAt(endpoints: readonly string[], options: object = {}): ScalingGroupSpec {
  return readScalingGroup({
    name: 'tested',
    endpoints,
    input: { text: 'VARCHAR' },
    output: 'VARCHAR',
    ...options,
  })
}

/** The function as a group's replicas host it. */
export function atGroup(
  { signature, definition }: RegisteredFunction,
  group: ScalingGroupSpec,
): RegisteredFunction {
  const remote = { group, revision: 3, function: signature.name }
  return { signature: { ...signature, executor: 'remote', remote }, definition }
}

/** Replicas that are there, each with as many places as a test gives it; the least loaded is taken. */
export class TestReplicas implements Replicas {
  readonly binding
  readonly capacity: number
  /** How leases ended, with the endpoint. */
  readonly released: string[] = []
  readonly #channels: readonly CallChannel[]
  readonly #places: number
  readonly #inFlight = new Map<CallChannel, number>()
  readonly #waiting = new Set<() => void>()
  #lastFailed: CallChannel | null = null

  constructor(group: ScalingGroupSpec, channels: readonly CallChannel[], places = 8) {
    this.binding = { group, revision: 3 }
    this.#channels = channels
    this.#places = places
    this.capacity = channels.length * places
  }

  async acquire(signal: CallSignal): Promise<ReplicaLease> {
    for (;;) {
      signal.throwIfAborted()
      const channel = this.#leastLoaded()
      if (channel !== null) return this.#lease(channel)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          stopListening()
          this.#waiting.delete(wake)
          resolve()
        }
        const stopListening = onAbort(signal, wake)
        this.#waiting.add(wake)
      })
    }
  }

  #leastLoaded(): CallChannel | null {
    const load = (channel: CallChannel): number => this.#inFlight.get(channel) ?? 0
    const free = this.#channels.filter((channel) => load(channel) < this.#places)
    // The call that lost one goes to another, if there is one.
    const others = free.filter((channel) => channel !== this.#lastFailed)
    if (free.length > 0) this.#lastFailed = null
    return (others.length > 0 ? others : free).toSorted((a, b) => load(a) - load(b))[0] ?? null
  }

  #lease(channel: CallChannel): ReplicaLease {
    this.#inFlight.set(channel, (this.#inFlight.get(channel) ?? 0) + 1)
    let isReleased = false
    const release = (outcome: LeaseOutcome): void => {
      if (isReleased) throw new EngineError('INTERNAL', 'a lease was released twice')
      isReleased = true
      this.released.push(`${channel.endpoint} ${outcome}`)
      this.#inFlight.set(channel, (this.#inFlight.get(channel) ?? 0) - 1)
      if (outcome === 'unavailable') this.#lastFailed = channel
      for (const wake of this.#waiting) wake()
    }
    return { channel, endpoint: channel.endpoint, release }
  }

  /** Leases that nobody has released. */
  get leased(): number {
    return [...this.#inFlight.values()].reduce((sum, count) => sum + count, 0)
  }

  async prepare(): Promise<void> {}

  status(): GroupStatus {
    const { group, revision } = this.binding
    return { group: group.name, revision, replicas: [], waiting: this.#waiting.size, inFlight: this.leased }
  }

  async drain(): Promise<void> {}

  async close(): Promise<void> {
    for (const channel of this.#channels) channel.close()
  }
}
