import type { RemoteBinding } from '../../catalog/groups/scalingGroup.ts'
import type { GroupStatus, Replicas } from '../../udf/scaling/replica.ts'

/** What tells revisions of groups apart. */
export type RevisionOf = Pick<RemoteBinding, 'group' | 'revision'>

/** The replicas that a session keeps, of each revision that it calls. */
export class GroupReplicas {
  readonly #create: (of: RevisionOf) => Replicas
  readonly #sets = new Map<string, Replicas>()
  readonly #draining = new Set<Replicas>()

  constructor(create: (of: RevisionOf) => Replicas) {
    this.#create = create
  }

  /** Those of a revision; the first one starts with the first call, unless `prepare` has started it. */
  readonly replicasOf = (of: RevisionOf): Replicas => {
    const key = revisionKey(of)
    const known = this.#sets.get(key)
    if (known !== undefined) return known
    const replicas = this.#create(of)
    this.#sets.set(key, replicas)
    return replicas
  }

  /** Starts replicas and waits until one is ready; otherwise nothing of it is left. Throws GROUP_START_FAILED. */
  async prepare(of: RevisionOf): Promise<void> {
    try {
      await this.replicasOf(of).prepare()
    } catch (error) {
      await this.#remove(of)?.close()
      throw error
    }
  }

  /** Whether a replica of a revision could be called at once. */
  isReady(of: RevisionOf): boolean {
    const status = this.#sets.get(revisionKey(of))?.status()
    return status?.replicas.some(({ state }) => state === 'ready') ?? false
  }

  /** Lets the replicas of a revision that nobody calls any more finish, and ends them. */
  async retire(of: RevisionOf): Promise<void> {
    const replicas = this.#remove(of)
    if (replicas === null) return
    this.#draining.add(replicas)
    try {
      await replicas.drain()
    } finally {
      this.#draining.delete(replicas)
    }
  }

  status(): readonly GroupStatus[] {
    return [...this.#sets.values(), ...this.#draining].map((replicas) => replicas.status())
  }

  async close(): Promise<void> {
    const all = [...this.#sets.values(), ...this.#draining]
    this.#sets.clear()
    await Promise.all(all.map((replicas) => replicas.close()))
  }

  #remove(of: RevisionOf): Replicas | null {
    const key = revisionKey(of)
    const replicas = this.#sets.get(key) ?? null
    this.#sets.delete(key)
    return replicas
  }
}

export function revisionKey({ group, revision }: RevisionOf): string {
  return `${group.name}@${revision}`
}
