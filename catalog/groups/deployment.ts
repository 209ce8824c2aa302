import type { ScalingGroupSpec } from './scalingGroup.ts'

/** What a scaling group was deployed as, once. It never changes. */
export interface GroupRevision {
  readonly group: string
  /** From 1. A number that was planned and given up is not used again. */
  readonly revision: number
  /** Paths in it are absolute, and the version of a model is a number. */
  readonly spec: ScalingGroupSpec
  /** SHA-256 of the modules that its replicas load, in hex; null where they load none. */
  readonly digest: string | null
  /** Milliseconds since 1970. */
  readonly created: number
  /** When it first got all calls of its group; null if it never did. */
  readonly completed: number | null
}

/** Which revisions get the calls of a group. */
export interface GroupRollout {
  readonly revision: number
  /** Percent of the calls that `revision` gets: 1 to 100. */
  readonly share: number
  /** Gets the other calls; null where the share is 100. */
  readonly previous: number | null
}

/** A group that is deployed, as it was at one moment. */
export interface DeployedGroup {
  readonly group: string
  readonly current: GroupRevision
  readonly share: number
  /** Null where the share is 100. */
  readonly previous: GroupRevision | null
  /** When calls were last shared out anew. Milliseconds since 1970. */
  readonly changed: number
}

/** A replica as the process that holds it has told others. */
export interface PublishedReplica {
  readonly group: string
  readonly revision: number
  readonly id: string
  /** `host:port`. */
  readonly endpoint: string
  /** Of its process; null where it is elsewhere. */
  readonly pid: number | null
  /** Such as `ready`. */
  readonly state: string
  readonly inFlight: number
  /** Milliseconds since 1970. */
  readonly started: number
  readonly restarts: number
  /** The file of what it writes; null for none. */
  readonly log: string | null
}

/** A published replica, with the process that holds it. */
export interface HeldReplica extends PublishedReplica {
  readonly process: number
  /** When it was published. Milliseconds since 1970. */
  readonly updated: number
}
