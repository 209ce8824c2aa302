import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import type { Clock } from '../clock.ts'
import {
  desiredReplicas,
  emptyHistory,
  neededReplicas,
  replicasByCpu,
  type ScalingHistory,
  withNeeded,
  withUseOf,
} from './autoscaler.ts'
import type { ProvidedReplica } from './replica.ts'

/** What replicas had used of their cores, and when. */
type CpuLook = ReadonlyMap<ProvidedReplica, { readonly used: number; readonly at: number }>

/** Knows how many replicas a group should have now: the autoscaler with its memory. */
export class GroupScaler {
  readonly #group: ScalingGroupSpec
  readonly #clock: Clock
  #history: ScalingHistory = emptyHistory
  #byCpu: number | null = null
  #look: CpuLook = new Map()
  #lookedAt: number

  constructor(group: ScalingGroupSpec, clock: Clock) {
    this.#group = group
    this.#clock = clock
    this.#lookedAt = clock.now()
  }

  get desired(): number {
    return desiredReplicas(this.#history, this.#clock.now(), this.#group)
  }

  /** Whether other replicas may be wanted now that there are so many calls. */
  setCalls(calls: number): boolean {
    const needed = neededReplicas({ calls, byCpu: this.#byCpu }, this.#group)
    if (needed === this.#history.needed) return false
    this.#history = withNeeded(this.#history, needed, this.#clock.now())
    return true
  }

  /** As if so many replicas had been needed until now. */
  noteUse(replicas: number): void {
    this.#history = withUseOf(this.#history, replicas, this.#clock.now())
  }

  /** Looks how busy replicas were since the last look, when it is time for that. Whether it did. */
  async lookAtCpu(replicas: readonly ProvidedReplica[]): Promise<boolean> {
    const { scalingIntervalSeconds, targetCpuUtilizationPercentage } = this.#group
    if (targetCpuUtilizationPercentage === null) return false
    if (this.#clock.now() - this.#lookedAt < scalingIntervalSeconds * 1000) return false
    this.#lookedAt = this.#clock.now()
    this.#byCpu = replicasByCpu(await this.#percents(replicas), this.#group)
    return true
  }

  /** Of the replicas that were there at the last look too, and tell. */
  async #percents(replicas: readonly ProvidedReplica[]): Promise<readonly number[]> {
    const used = await Promise.all(replicas.map((replica) => replica.cpuTime()))
    const at = this.#clock.now()
    const before = this.#look
    this.#look = new Map(
      replicas.flatMap((replica, i) => {
        const time = used[i] ?? null
        return time === null ? [] : [[replica, { used: time, at }] as const]
      }),
    )
    return [...this.#look].flatMap(([replica, now]) => {
      const last = before.get(replica)
      if (last === undefined || now.at <= last.at) return []
      return [(100 * Math.max(0, now.used - last.used)) / (now.at - last.at)]
    })
  }
}
