import type { GroupStore } from '../store/groupStore.ts'
import type { ModelStore } from '../store/modelStore.ts'
import type { ScalingGroupDefinition } from './defineScalingGroup.ts'
import type { DeployedGroup, GroupRevision, HeldReplica, PublishedReplica } from './deployment.ts'
import type { ScalingGroupSpec } from './scalingGroup.ts'

export interface GroupRegistryOptions {
  readonly store: () => Promise<GroupStore>
  readonly models: () => Promise<ModelStore>
  /** To which paths in definitions are relative. Default: the working directory. */
  readonly baseDirectory?: string
  /** Default: the machine's. */
  readonly clock?: { now(): number }
}

export interface GroupPlanOptions {
  /** File URLs of modules whose functions name the group. */
  readonly modules?: readonly string[]
  /** Makes a new revision also of what is deployed already. Default: false. */
  readonly force?: boolean
}

/** What a group is to be. Nothing has changed yet, but the number is taken. */
export interface GroupPlan {
  readonly group: string
  readonly revision: number
  /** Paths in it are absolute, and the version of a model is a number. */
  readonly spec: ScalingGroupSpec
  readonly digest: string | null
  /** False for a revision that was deployed before. */
  readonly isNew: boolean
  /** What is deployed now; null for a group that is not. */
  readonly current: DeployedGroup | null
}

/** A group with all that is known of it. */
export interface GroupSummary extends DeployedGroup {
  /** The lowest first. */
  readonly revisions: readonly GroupRevision[]
  readonly replicas: readonly HeldReplica[]
}

/** Scaling groups that are deployed, their revisions, and how their calls are shared out. Processes share it. */
export interface GroupRegistryMethods {
  /**
   * Finds what a definition deploys, and changes nothing: `isNew` is false, and the revision the one that gets all calls, where it
   * differs in nothing from that. Throws GROUP_INVALID for other types than those of what is deployed and for the name of a group that
   * serves a model, MODULE_LOAD_FAILED, MODEL_UNKNOWN.
   */
  plan(definition: ScalingGroupDefinition, options?: GroupPlanOptions): Promise<GroupPlan>
  /** Plans that a group goes back: by default from a rollout to the revision before it, else to the last that had all calls before. */
  planRollback(group: string, revision?: number): Promise<GroupPlan>
  /**
   * Gives a share of the calls, in percent, to what was planned; all where there is nothing else. The rest stays with the revision
   * that last had all: a rollout that was not finished ends. Throws GROUP_INVALID.
   */
  commit(plan: GroupPlan, share?: number): Promise<DeployedGroup>
  /** Gives another share to a revision that is being rolled out, the current one by default. Throws GROUP_UNKNOWN, GROUP_INVALID. */
  promote(group: string, share?: number, revision?: number): Promise<DeployedGroup>
  /** Ends a group, and answers what it was. Throws GROUP_UNKNOWN. */
  delete(group: string): Promise<DeployedGroup>
  /** All groups, by name. */
  list(): Promise<readonly DeployedGroup[]>
  /** Throws GROUP_UNKNOWN with suggestions. */
  inspect(group: string): Promise<GroupSummary>
  /** The lowest number first. Throws GROUP_UNKNOWN. */
  revisions(group: string): Promise<readonly GroupRevision[]>
  /** A number that grows whenever what is deployed changes, in any process. */
  changes(): Promise<number>
  /** Replaces what an owner (a name of the caller's own) has told other processes of its replicas. */
  publish(owner: string, replicas: readonly PublishedReplica[]): Promise<void>
  /** What living processes told of their replicas, by group, revision and id. */
  replicas(group?: string): Promise<readonly HeldReplica[]>
}
