import type { RemoteBinding, ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import type { CallSignal } from '../../src/base/cancellation.ts'
import type { CallChannel } from '../../src/protocol/callChannel.ts'

/** A replica that its provider has started, or found. It may not be ready yet. */
export interface ProvidedReplica {
  /** Unique among those of the provider, such as `embedder-2-1`. */
  readonly id: string
  /** `host:port`. */
  readonly endpoint: string
  /** Of its process; null where it is elsewhere. */
  readonly pid: number | null
  /** Resolves when it has ended, with what is known of why; never where the provider cannot know. */
  readonly ended: Promise<ReplicaExit>
  /** Milliseconds of one core that it has used so far; null where that is not known. */
  cpuTime(): Promise<number | null>
  /** Asks it to finish what it has and end; ends it by force after so many milliseconds. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>
}

export interface ReplicaExit {
  readonly code: number | null
  readonly signal: string | null
  /** Its last words, or that it took more memory than it may; null if nothing is known. */
  readonly problem: string | null
  /** Whether another program had its port: it may be started again at once. */
  readonly isPortTaken: boolean
}

/** Starts replicas of one revision of a group, or finds those that are there. */
export interface ReplicaProvider {
  /** Whether replicas are started and stopped here; otherwise `start` is not called and `watch` tells of them. */
  readonly scales: boolean
  /** Throws GROUP_START_FAILED for what cannot be started at all. */
  start(): Promise<ProvidedReplica>
  /** Calls back with all replicas, at once and whenever they change, until the signal aborts. */
  watch(changed: (replicas: readonly ProvidedReplica[]) => void, signal: AbortSignal): void
  /** Ends all that it started, within a second or so. */
  close(): Promise<void>
}

/** Makes the connection to an endpoint, with the group's security. It connects with its first use. */
export type Connect = (endpoint: string, group: ScalingGroupSpec) => CallChannel

/** How a call went, for the balance of replicas: it was answered (also with an error of its function), the replica was not reached or
 * went away, or the caller gave up. */
export type LeaseOutcome = 'answered' | 'unavailable' | 'cancelled'

/** One call's place at a replica. */
export interface ReplicaLease {
  readonly channel: CallChannel
  readonly endpoint: string
  /** Must be called once. */
  release(outcome: LeaseOutcome): void
}

/** All replicas of one revision: hands out places for calls, and starts, watches and ends replicas. `replicaSet.ts` has it. */
export interface Replicas {
  readonly binding: Pick<RemoteBinding, 'group' | 'revision'>
  /** Calls that may be in flight at once if all replicas that there may be are there. */
  readonly capacity: number
  /**
   * A place at the replica with the least load. Waits while all are full, or while one starts; rejects with the signal's reason, or
   * with GROUP_UNAVAILABLE where no replica is there and none can be started.
   */
  acquire(signal: CallSignal): Promise<ReplicaLease>
  /** Starts as many replicas as there are at least, one at any rate, and waits until one is ready. Throws GROUP_START_FAILED. */
  prepare(): Promise<void>
  status(): GroupStatus
  /** Resolves when the calls in flight are done and all replicas have ended. */
  drain(): Promise<void>
  /** Ends everything, within a second or so; calls that wait fail with SESSION_CLOSED. */
  close(): Promise<void>
}

export type ReplicaState = 'starting' | 'ready' | 'ejected' | 'draining' | 'backoff'

export interface ReplicaStatus {
  readonly id: string
  readonly endpoint: string
  readonly pid: number | null
  readonly state: ReplicaState
  readonly inFlight: number
  /** Milliseconds since 1970. */
  readonly started: number
  /** How often it ended unasked and was started again. */
  readonly restarts: number
}

export interface GroupStatus {
  readonly group: string
  readonly revision: number
  readonly replicas: readonly ReplicaStatus[]
  /** Calls that wait for a place. */
  readonly waiting: number
  readonly inFlight: number
}
