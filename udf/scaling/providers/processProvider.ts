import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ScalingGroupSpec } from '../../../catalog/groups/scalingGroup.ts'
import type { SecretValues } from '../../../catalog/secret.ts'
import { createRedactor } from '../../../src/base/redact.ts'
import type { ProvidedReplica, ReplicaProvider } from '../replica.ts'
import { closedError, notSpawned } from '../scalingErrors.ts'
import { freePort } from './freePort.ts'
import { findProgram, type ReplicaCommand, replicaCommand } from './replicaCommand.ts'
import { ReplicaLog } from './replicaLog.ts'
import { ReplicaProcess } from './replicaProcess.ts'

export interface ProcessProviderOptions {
  readonly group: ScalingGroupSpec
  readonly revision: number
  /** Values of secrets by name; others are looked for in the environment. */
  readonly secrets: SecretValues
  /** Where models are registered, and what replicas print is kept, in `groups/<group>/<replica>.log`. Null for nowhere. */
  readonly stateDirectory: string | null
  /** The file that runs `callplane`; default: that of this package. */
  readonly cli?: string
}

const ownCli = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url))
/** How long replicas may take to end when everything ends. */
const CLOSE_GRACE_MS = 700

/** Replicas are child processes on this machine. They end with this process, however it ends. */
export class ProcessProvider implements ReplicaProvider {
  readonly scales = true
  readonly #options: ProcessProviderOptions
  readonly #replicas = new Set<ReplicaProcess>()
  #count = 0
  #isClosed = false

  constructor(options: ProcessProviderOptions) {
    this.#options = options
  }

  /** Throws GROUP_START_FAILED and SECRET_MISSING. */
  async start(): Promise<ProvidedReplica> {
    const { group, revision, secrets, stateDirectory, cli = ownCli } = this.#options
    const port = await freePort()
    const command = replicaCommand({ group, secrets, stateDirectory, cli }, port)
    const program = await findProgram(command)
    if (program === null) {
      throw notSpawned(group, command.program, `there is no program '${command.program}'`)
    }
    if (this.#isClosed) throw closedError(group)
    const id = `${group.name}-${revision}-${++this.#count}`
    const replica = new ReplicaProcess({
      id,
      port,
      command: { ...command, program },
      memoryLimit: group.resources.memory,
      log: new ReplicaLog({ path: this.#logPath(id) }),
      redact: createRedactor(this.#shownTo(command)),
    })
    this.#replicas.add(replica)
    void replica.ended.then(() => this.#replicas.delete(replica))
    return replica
  }

  /** Its replicas are those that it started. */
  watch(): void {}

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#replicas].map((replica) => replica.stop(CLOSE_GRACE_MS)))
  }

  #logPath(id: string): string | null {
    const { group, stateDirectory } = this.#options
    return stateDirectory === null ? null : join(stateDirectory, 'groups', group.name, `${id}.log`)
  }

  /** The secrets that a replica got, with their values. */
  #shownTo({ env }: ReplicaCommand): SecretValues {
    const { group } = this.#options
    const names = group.token === null ? group.secrets : [...group.secrets, 'CALLPLANE_TOKEN']
    return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
  }
}
