import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { PublishedReplica } from '../../catalog/groups/deployment.ts'
import type { GroupRegistry } from '../../catalog/groups/groupRegistry.ts'
import type { GroupStatus } from '../../udf/scaling/replica.ts'
import { messageOf } from '../base/errors.ts'

export interface ReplicaPublisherOptions {
  readonly registry: Pick<GroupRegistry, 'publish'>
  readonly status: () => readonly GroupStatus[]
  /** The file of what a replica writes; null where none is kept. */
  readonly logOf: (group: string, replica: string) => string | null
}

const PERIOD_MS = 1000

/** Tells other processes of a session's replicas, once a second as long as something changes. */
export class ReplicaPublisher {
  readonly #options: ReplicaPublisherOptions
  readonly #owner = randomUUID()
  #timer: NodeJS.Timeout | null = null
  #told: readonly PublishedReplica[] = []
  #telling: Promise<void> = Promise.resolve()
  #warned = false

  constructor(options: ReplicaPublisherOptions) {
    this.#options = options
  }

  /** Begins with the first replica; safe to call again. It keeps no process alive. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.#telling = this.#telling.then(() => this.#tell(this.#now()))
    }, PERIOD_MS).unref()
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#telling
    await this.#tell([])
  }

  #now(): readonly PublishedReplica[] {
    const { status, logOf } = this.#options
    return status().flatMap(({ group, revision, replicas }) =>
      replicas.map((replica) => ({ ...replica, group, revision, log: logOf(group, replica.id) })),
    )
  }

  /** What others are told is of no use to this process: a state that cannot be written to stops nothing. */
  async #tell(replicas: readonly PublishedReplica[]): Promise<void> {
    if (isDeepStrictEqual(replicas, this.#told)) return
    try {
      await this.#options.registry.publish(this.#owner, replicas)
      this.#told = replicas
    } catch (error) {
      if (this.#warned) return
      this.#warned = true
      process.emitWarning(`replicas cannot be published: ${messageOf(error)}`, 'CallplaneWarning')
    }
  }
}
