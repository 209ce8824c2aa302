import { isDeepStrictEqual } from 'node:util'
import { formatTypes } from '../catalog.ts'
import { sameTypes } from '../models/versionTypes.ts'
import type { GroupStore } from '../store/groupStore.ts'
import type { ModelStore } from '../store/modelStore.ts'
import { resolveGroup, type ScalingGroupDefinition, withModules } from './defineScalingGroup.ts'
import type { DeployedGroup, GroupRevision, HeldReplica, PublishedReplica } from './deployment.ts'
import { invalidGroup, nothingToServe, takenByModel, unknownGroup, unknownRevision } from './groupErrors.ts'
import { digestOfSource, pinModel, typesOfGroup } from './groupSource.ts'
import { nextRollout, rolloutOf } from './rollout.ts'
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
  /** The lowest number first. */
  readonly revisions: readonly GroupRevision[]
  readonly replicas: readonly HeldReplica[]
}

/** Scaling groups that are deployed, their revisions, and how their calls are shared out. Processes share it. */
export class GroupRegistry {
  readonly #options: GroupRegistryOptions

  constructor(options: GroupRegistryOptions) {
    this.#options = options
  }

  /**
   * Finds what a definition deploys. Where that differs in nothing from a revision that has calls of the group now, it is that one and
   * `isNew` is false. Throws GROUP_INVALID for other types than those of what is deployed, for the name of a group that serves a model
   * and for a group without functions; MODULE_LOAD_FAILED, IO_FAILED, MODEL_UNKNOWN.
   */
  async plan(
    definition: ScalingGroupDefinition,
    { modules = [], force = false }: GroupPlanOptions = {},
  ): Promise<GroupPlan> {
    const [store, models] = await Promise.all([this.#options.store(), this.#options.models()])
    const given = await resolveGroup(definition, this.#options.baseDirectory ?? process.cwd())
    const current = await store.get(given.name)
    const group = current?.group ?? given.name
    const spec = Object.freeze({ ...(await pinModel(withModules(given, modules), models)), name: group })
    checkServes(spec)
    if ((await models.revisions(group)).length > 0) throw takenByModel(group)
    await this.#checkTypes(spec, current)
    const digest = await digestOfSource(spec.source)
    const known = [current?.current ?? null, current?.previous ?? null].find(
      (revision) => revision !== null && revision.digest === digest && isDeepStrictEqual(revision.spec, spec),
    )
    if (known !== undefined && known !== null && !force) return planOf(known, current)
    const revision = await store.reserve(group)
    return Object.freeze({ group, revision, spec, digest, isNew: true, current })
  }

  /**
   * Plans that a group goes back to a revision: by default to the one before a rollout that is not finished, or else to the one that
   * had all calls before. Throws GROUP_UNKNOWN if there is none, and GROUP_INVALID if its modules have changed since.
   */
  async planRollback(group: string, revision?: number): Promise<GroupPlan> {
    const current = await this.#find(group)
    const target = await this.#rollbackTarget(current, revision)
    // Its replicas are there, with the modules as they were.
    if (target.revision === current.previous?.revision) return planOf(target, current)
    if ((await digestOfSource(target.spec.source)) !== target.digest) {
      throw invalidGroup(
        `revision ${target.revision} of scaling group '${current.group}' cannot come back: its modules have changed since`,
        'bring them back as they were and deploy them',
      )
    }
    return planOf(target, current)
  }

  /**
   * Gives a share of the calls, in percent, to what was planned, and all where nothing else is deployed. The rest stays with the
   * revision that had all calls last: a rollout that was not finished ends. Throws GROUP_INVALID for what has changed since.
   */
  async commit(plan: GroupPlan, share = 100): Promise<DeployedGroup> {
    checkShare(plan.group, share)
    for (let { current } = plan; ; ) {
      const deployed = await this.#route(plan, current, share)
      if (deployed !== null) return deployed
      // Another process was first.
      current = await (await this.#options.store()).get(plan.group)
      await this.#checkTypes(plan.spec, current)
    }
  }

  /**
   * Gives another share of the calls to the revision that is rolled out. Throws GROUP_UNKNOWN, and GROUP_INVALID if that has all
   * calls, or is not `revision` any more.
   */
  async promote(group: string, share = 100, revision?: number): Promise<DeployedGroup> {
    checkShare(group, share)
    const current = await this.#find(group)
    const { current: latest, previous } = current
    if (revision !== undefined && revision !== latest.revision) {
      const served = `its calls go to revision ${latest.revision}`
      throw invalidGroup(
        `revision ${revision} of scaling group '${current.group}' is not rolled out: ${served}`,
      )
    }
    if (previous === null && share < 100) {
      const problem = `revision ${latest.revision} of scaling group '${current.group}' has all calls, and there is no other to share them with`
      throw invalidGroup(problem, `callplane groups rollback ${current.group} goes back to the one before`)
    }
    const promoted = await this.#route(latest, current, share)
    // Another process was first.
    return promoted ?? this.promote(group, share, latest.revision)
  }

  /** Ends a group with all its revisions, and answers what it was. Throws GROUP_UNKNOWN. */
  async delete(group: string): Promise<DeployedGroup> {
    const deployed = await this.#find(group)
    const store = await this.#options.store()
    await store.delete(deployed.group)
    return deployed
  }

  /** All groups, by name. */
  async list(): Promise<readonly DeployedGroup[]> {
    return (await this.#options.store()).list()
  }

  /** Throws GROUP_UNKNOWN with suggestions. */
  async inspect(group: string): Promise<GroupSummary> {
    const deployed = await this.#find(group)
    const [revisions, replicas] = await Promise.all([this.revisions(group), this.replicas(group)])
    return Object.freeze({ ...deployed, revisions, replicas })
  }

  /** The lowest number first. Throws GROUP_UNKNOWN with suggestions. */
  async revisions(group: string): Promise<readonly GroupRevision[]> {
    const { group: name } = await this.#find(group)
    return (await this.#options.store()).revisions(name)
  }

  /** A number that grows whenever what is deployed changes, in any process. */
  async changes(): Promise<number> {
    return (await this.#options.store()).changes()
  }

  /** Replaces what an owner, a name of the caller's own, has told other processes of its replicas. */
  async publish(owner: string, replicas: readonly PublishedReplica[]): Promise<void> {
    const store = await this.#options.store()
    await store.publish(owner, replicas, this.#now())
  }

  /** What living processes tell of their replicas, of one group or of all, by group, revision and id. */
  async replicas(group?: string): Promise<readonly HeldReplica[]> {
    const replicas = await (await this.#options.store()).replicas()
    if (group === undefined) return replicas
    return replicas.filter((replica) => replica.group.toLowerCase() === group.toLowerCase())
  }

  #now(): number {
    return (this.#options.clock ?? Date).now()
  }

  /** Answers null if something else is deployed than `current`. */
  async #route(
    { group, revision, spec, digest }: Pick<GroupPlan, 'group' | 'revision' | 'spec' | 'digest'>,
    current: DeployedGroup | null,
    share: number,
  ): Promise<DeployedGroup | null> {
    const rollout = nextRollout(current, revision, share)
    const expected = current === null ? null : rolloutOf(current)
    if (current !== null && isDeepStrictEqual(rollout, expected)) return current
    const now = this.#now()
    const store = await this.#options.store()
    return store.route({ group, revision, spec, digest, created: now }, rollout, expected, now)
  }

  async #find(group: string): Promise<DeployedGroup> {
    const store = await this.#options.store()
    const deployed = await store.get(group)
    if (deployed !== null) return deployed
    const known = await store.list()
    throw unknownGroup(
      group,
      known.map((one) => one.group),
    )
  }

  async #rollbackTarget(deployed: DeployedGroup, asked?: number): Promise<GroupRevision> {
    const { group, current, previous } = deployed
    if (asked === undefined && previous !== null) return previous
    const revisions = await this.revisions(group)
    if (asked !== undefined) {
      const found = revisions.find(({ revision }) => revision === asked)
      if (found === undefined) throw unknownRevision(group, asked, revisions)
      return found
    }
    const before = revisions
      .filter(({ revision, completed }) => completed !== null && revision !== current.revision)
      .toSorted((a, b) => (a.completed ?? 0) - (b.completed ?? 0))
      .at(-1)
    if (before !== undefined) return before
    throw unknownRevision(group, null, revisions)
  }

  /** Queries that go on must find their calls as they planned them. */
  async #checkTypes(spec: ScalingGroupSpec, deployed: DeployedGroup | null): Promise<void> {
    if (deployed === null) return
    const models = await this.#options.models()
    const [was, is] = await Promise.all([
      typesOfGroup(deployed.current.spec, models),
      typesOfGroup(spec, models),
    ])
    if (was === null || is === null || sameTypes(was, is)) return
    throw invalidGroup(
      `scaling group '${deployed.group}' cannot change its types while it is deployed, from ${formatTypes(was)} to ${formatTypes(is)}`,
      'deploy it by another name',
    )
  }
}

function planOf({ group, revision, spec, digest }: GroupRevision, current: DeployedGroup | null): GroupPlan {
  return Object.freeze({ group, revision, spec, digest, isNew: false, current })
}

function checkServes({ name, source }: ScalingGroupSpec): void {
  if (source.kind !== 'functions' || source.modules.length > 0) return
  throw nothingToServe(name)
}

function checkShare(group: string, share: number): void {
  if (Number.isInteger(share) && share >= 1 && share <= 100) return
  throw invalidGroup(
    `scaling group '${group}' cannot give ${share} % of its calls to a revision; it must be a whole number from 1 to 100`,
  )
}
