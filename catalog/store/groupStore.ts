import type {
  DeployedGroup,
  GroupRevision,
  GroupRollout,
  HeldReplica,
  PublishedReplica,
} from '../groups/deployment.ts'

/** Scaling groups that are deployed, their revisions and replicas. Letter case does not part names. */
export interface GroupStore {
  /** All that are deployed, by name. */
  list(): Promise<readonly DeployedGroup[]>
  /** Null for one that is not deployed. */
  get(group: string): Promise<DeployedGroup | null>
  /** The revisions of a group, the lowest first; empty for one that is not deployed. */
  revisions(group: string): Promise<readonly GroupRevision[]>
  /** The next number for a revision of a group. It is never given again. */
  reserve(group: string): Promise<number>
  /**
   * Shares out the calls of a group if they are shared out as `expected` says, null for a group that is not deployed; otherwise answers
   * null and changes nothing. A revision that is not there yet is kept. Throws GROUP_INVALID for the name of a group that serves a model.
   */
  route(
    revision: Omit<GroupRevision, 'completed'>,
    rollout: Omit<GroupRollout, 'revision'>,
    expected: GroupRollout | null,
    now: number,
  ): Promise<DeployedGroup | null>
  /** Removes a group with its revisions. Throws GROUP_UNKNOWN for one that is not deployed. */
  delete(group: string): Promise<void>
  /** A number that grows whenever `route` or `delete` change something, in any process. */
  changes(): Promise<number>

  /** Replaces what an owner, a name of the caller's own, has told of its replicas. It is forgotten with this process. */
  publish(owner: string, replicas: readonly PublishedReplica[], now: number): Promise<void>
  /** Those of living processes, by group, revision and id. */
  replicas(): Promise<readonly HeldReplica[]>
}
