import type { DeployedGroup, GroupRevision } from '../../catalog/groups/deployment.ts'
import { type DefinedGroup, hostedFunctions } from '../../catalog/groups/hostedFunctions.ts'
import { registerGroup } from '../../catalog/groups/registerGroup.ts'
import type { ScalingGroupSpec } from '../../catalog/groups/scalingGroup.ts'
import type { ModelVersion } from '../../catalog/models/model.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { messageOf } from '../base/errors.ts'
import type { AnnouncedFunctions } from './announcedFunctions.ts'
import { type GroupReplicas, type RevisionOf, revisionKey } from './groupReplicas.ts'
import type { ServedFunctions } from './sessionCatalog.ts'

export interface ServedGroupsOptions {
  readonly replicas: GroupReplicas
  readonly announced: AnnouncedFunctions
  /** Of the session's definitions; a group that is deployed takes the place of one that is only defined. */
  readonly defined: readonly DefinedGroup[]
  /** All functions of the session's definitions: those that name a group are hosted by it. */
  readonly functions: readonly RegisteredFunction[]
  /** The version that a group's model stands for. Throws MODEL_UNKNOWN. */
  readonly resolveModel: (reference: string) => Promise<ModelVersion>
}

/** The functions of the groups that a session serves now. */
export class ServedGroups {
  readonly #options: ServedGroupsOptions
  readonly #announceServed: (served: readonly ServedFunctions[]) => void
  /** By revision, so that what is served again is the same. */
  readonly #functions = new Map<string, Promise<readonly RegisteredFunction[]>>()
  #serving: ReadonlyMap<string, ServedFunctions> = new Map()

  /** `announceServed` lets new queries call what is served. */
  constructor(options: ServedGroupsOptions, announceServed: (served: readonly ServedFunctions[]) => void) {
    this.#options = options
    this.#announceServed = announceServed
  }

  /** Serves what is deployed, and the groups of definitions that are not. A revision that does not start changes nothing of its group. */
  async serve(deployed: readonly DeployedGroup[]): Promise<void> {
    const serving = new Map<string, ServedFunctions>()
    for (const group of deployed) {
      const key = group.group.toLowerCase()
      const served = await this.#servedOf(group, this.#serving.get(key) ?? null)
      serving.set(key, served)
    }
    for (const { spec } of this.#options.defined) {
      const key = spec.name.toLowerCase()
      if (serving.has(key)) continue
      serving.set(key, { functions: await this.#functionsOf({ group: spec, revision: 0 }), next: null })
    }
    this.#serving = serving
    this.#announceServed([...serving.values()])
  }

  async #servedOf(
    { group, current, previous, share }: DeployedGroup,
    before: ServedFunctions | null,
  ): Promise<ServedFunctions> {
    try {
      const functions = await this.#ready(current, before)
      if (previous === null) return { functions, next: null }
      return { functions: await this.#ready(previous, before), next: { functions, share: share / 100 } }
    } catch (error) {
      if (before === null) throw error
      warn(`group '${group}' goes on as it is: ${messageOf(error)}`)
      return before
    }
  }

  /** The functions of a revision. Where the group has replicas here, those of the revision are there first. */
  async #ready(
    { spec, revision }: GroupRevision,
    before: ServedFunctions | null,
  ): Promise<readonly RegisteredFunction[]> {
    const of = { group: spec, revision }
    const functions = await this.#functionsOf(of)
    const { replicas } = this.#options
    const isLive = before?.functions.some(
      ({ signature: { remote } }) => remote !== null && replicas.isReady(remote),
    )
    if (isLive === true) await replicas.prepare(of)
    return functions
  }

  async #functionsOf(of: RevisionOf): Promise<readonly RegisteredFunction[]> {
    const key = revisionKey(of)
    const known = this.#functions.get(key) ?? this.#register(of)
    this.#functions.set(key, known)
    try {
      return await known
    } catch (error) {
      this.#functions.delete(key)
      throw error
    }
  }

  async #register({ group, revision }: RevisionOf): Promise<readonly RegisteredFunction[]> {
    const { announced } = this.#options
    const registered = await this.#contentsOf(group, revision)
    for (const { signature } of registered) await announced.announce(signature, 'GROUP_INVALID')
    return registered
  }

  /** Throws GROUP_INVALID for functions that the session knows with other types. */
  async check({ group, revision }: RevisionOf): Promise<void> {
    for (const { signature } of await this.#contentsOf(group, revision)) {
      this.#options.announced.check(signature, 'GROUP_INVALID')
    }
  }

  async #contentsOf(group: ScalingGroupSpec, revision: number): Promise<readonly RegisteredFunction[]> {
    const { functions, resolveModel } = this.#options
    const model = group.source.kind === 'model' ? await resolveModel(group.source.model) : null
    return registerGroup(group, revision, { functions: await hostedFunctions(group, functions), model })
  }
}

function warn(message: string): void {
  process.emitWarning(message, 'CallplaneWarning')
}
