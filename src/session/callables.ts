import { join } from 'node:path'
import type { FunctionSignature } from '../../catalog/function.ts'
import { type PlacedDefinitions, placeDefinitions } from '../../catalog/groups/hostedFunctions.ts'
import type { LoadedDefinitions } from '../../catalog/loadModules.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { SecretValues } from '../../catalog/secret.ts'
import type { OnnxExecutor, OnnxOptions } from '../../udf/executors/onnx/onnx.ts'
import { RemoteExecutor } from '../../udf/executors/remote/remote.ts'
import type { LoadReporter } from '../../udf/scaling/loadReporter.ts'
import { type Announce, AnnouncedFunctions } from './announcedFunctions.ts'
import { GroupReplicas } from './groupReplicas.ts'
import { createModelExecutor } from './modelExecutor.ts'
import { openLoadReporter } from './openLoadReporter.ts'
import { openReplicas } from './openReplicas.ts'
import { ReplicaPublisher } from './replicaPublisher.ts'
import { SessionCatalog } from './sessionCatalog.ts'
import { groupsDirectory, SessionGroups } from './sessionGroups.ts'
import { SessionModels } from './sessionModels.ts'
import type { SessionState } from './sessionState.ts'
import type { Settings } from './settings.ts'

export interface CallablesOptions extends Pick<OnnxOptions, 'releaseMemory'> {
  readonly definitions: LoadedDefinitions
  readonly settings: Settings
  readonly state: SessionState
  /** Of the secrets that replicas get; others come from the environment. */
  readonly secrets: SecretValues
  /** Of relative paths. */
  readonly baseDirectory: string
}

/** All that can be called, with what runs models and replicas for it; no database. */
export class Callables {
  readonly catalog: SessionCatalog
  readonly models: SessionModels
  readonly groups: SessionGroups
  readonly onnx: OnnxExecutor
  readonly remote: RemoteExecutor
  /** What SQL knows from the start. */
  readonly known: readonly FunctionSignature[]
  readonly #placed: PlacedDefinitions
  readonly #announced: AnnouncedFunctions
  readonly #replicas: GroupReplicas
  readonly #publisher: ReplicaPublisher | null
  readonly #reporter: LoadReporter | null

  private constructor(options: CallablesOptions, placed: PlacedDefinitions) {
    const { definitions, settings, state, baseDirectory, secrets } = options
    this.#placed = placed
    this.known = placed.local.map(({ signature }) => signature)
    this.#announced = new AnnouncedFunctions(this.known)
    this.onnx = createModelExecutor(settings, options)
    this.#replicas = new GroupReplicas((of) => {
      if (of.group.provider === 'process') this.#publisher?.start()
      return openReplicas(of, { state: state.directory, secrets })
    })
    this.remote = new RemoteExecutor({ replicasOf: this.#replicas.replicasOf })
    this.catalog = new SessionCatalog({
      functions: placed.local,
      retire: (retired) => this.#retire(retired),
    })
    const shared = {
      state,
      catalog: this.catalog,
      baseDirectory,
      announced: this.#announced,
    }
    this.models = new SessionModels({ ...shared, executor: this.onnx })
    this.groups = new SessionGroups({
      ...shared,
      replicas: this.#replicas,
      defined: placed.groups,
      functions: definitions.functions,
      resolveModel: (reference) => this.models.resolveModel(reference),
    })
    this.#publisher = openPublisher(state.directory, this.groups)
    this.#reporter = openLoadReporter(this.groups)
  }

  /** Throws what is wrong with the definitions of groups. */
  static async create(options: CallablesOptions): Promise<Callables> {
    return new Callables(options, await placeDefinitions(options.definitions, options.baseDirectory))
  }

  /** Lets the groups of the definitions be called, by SQL too where there is some. */
  async open(announce: Announce | null): Promise<void> {
    if (announce !== null) this.#announced.tell(announce)
    await this.groups.open(this.#placed.homeless)
  }

  async close(): Promise<void> {
    await Promise.all([this.onnx.close(), this.remote.close()])
    await this.#replicas.close()
    await this.#reporter?.close()
    await this.#publisher?.close()
  }

  #retire({ signature: { model, remote } }: RegisteredFunction): void {
    if (model !== null) void this.onnx.retire(model)
    if (remote !== null) void this.#replicas.retire(remote)
  }
}

/** Null where other processes cannot look. */
function openPublisher(directory: string | null, groups: SessionGroups): ReplicaPublisher | null {
  if (directory === null) return null
  return new ReplicaPublisher({
    registry: groups.registry,
    status: () => groups.status(),
    logOf: (group, replica) => join(groupsDirectory(directory), group, `${replica}.log`),
  })
}
