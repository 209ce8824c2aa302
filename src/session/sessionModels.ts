import { existsSync } from 'node:fs'
import type { ModelBinding, ModelDeployment, ModelVersion } from '../../catalog/models/model.ts'
import {
  type DeploymentPlan,
  type DeployOptions,
  ModelRegistry,
  type ModelSummary,
  type RegisterModelOptions,
} from '../../catalog/models/modelRegistry.ts'
import { registerModel } from '../../catalog/models/registerModel.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { inspectModel } from '../../udf/executors/onnx/inspectModel.ts'
import type { OnnxExecutor } from '../../udf/executors/onnx/onnx.ts'
import { EngineError, messageOf } from '../base/errors.ts'
import type { AnnouncedFunctions } from './announcedFunctions.ts'
import type { FunctionSource, SessionCatalog } from './sessionCatalog.ts'
import type { SessionState } from './sessionState.ts'

export interface SessionModelsOptions {
  readonly state: SessionState
  readonly catalog: SessionCatalog
  readonly executor: OnnxExecutor
  readonly baseDirectory: string
  readonly announced: AnnouncedFunctions
}

interface Serving {
  readonly revision: number
  readonly registered: RegisteredFunction
}

/** The models of a session: registered versions, and the groups that serve them as functions `model.<group>`. */
export class SessionModels implements FunctionSource {
  readonly #options: SessionModelsOptions
  readonly #serving = new Map<string, Serving>()
  /** Loaded for revisions that are about to be served. */
  readonly #prepared = new Map<string, ModelBinding>()
  #registry: ModelRegistry | null = null
  #known: number | null = null
  #changes: Promise<unknown> = Promise.resolve()
  #refreshing: Promise<void> | null = null

  constructor(options: SessionModelsOptions) {
    this.#options = options
    options.catalog.follow(this)
  }

  /** Serves what is deployed by now. A version that another process deploys is loaded first, while the one before serves. */
  async refresh(): Promise<void> {
    if (this.#isUsed()) await this.#refresh()
  }

  /**
   * Keeps a version of a model, whose number it answers with. Throws MODEL_INVALID for a file that is no model or does not fit its
   * schemas, and CONFIG_INVALID for options that are not understood; then nothing is kept.
   */
  async registerModelVersion(options: RegisterModelOptions): Promise<ModelVersion> {
    return this.#change(async (registry) => registry.registerModelVersion(options))
  }

  /**
   * Lets `model.<group>` stand for a version, from the next query on: it is loaded and has answered a probe by then, and the version
   * before goes on with the queries that it has. Where that fails, nothing changes.
   */
  async deployModel(options: DeployOptions): Promise<ModelDeployment> {
    return this.#change(async (registry) => this.#serve(registry, await registry.planDeployment(options)))
  }

  /** Lets a group serve the version that it served before, as `deployModel` does. */
  async rollbackModel(group: string): Promise<ModelDeployment> {
    return this.#change(async (registry) => this.#serve(registry, await registry.planRollback(group)))
  }

  /** Ends a group. Queries that call it go on. */
  async undeployModel(group: string): Promise<void> {
    await this.#change(async (registry) => {
      await registry.undeploy(group)
      await this.#follow(registry)
    })
  }

  /** Lets an alias stand for a version, of all who resolve it from then on. */
  async promoteModel(options: {
    readonly name: string
    readonly version: number | string
    readonly alias: string
  }): Promise<ModelVersion> {
    return this.#change(async (registry) => registry.promote(options))
  }

  /** Deletes one version, or all. Throws for one that is served or has an alias. */
  async deleteModel(options: { readonly name: string; readonly version?: number }): Promise<void> {
    await this.#change(async (registry) => registry.deleteModel(options))
  }

  /** What `name`, `name@3` or `name@prod` stands for. Throws MODEL_UNKNOWN. */
  async resolveModel(reference: string): Promise<ModelVersion> {
    const [name = '', version] = reference.split('@')
    return this.#registryOf().resolve(name, version)
  }

  async listModels(): Promise<readonly ModelSummary[]> {
    return this.#isUsed() ? this.#registryOf().list() : []
  }

  /** Throws MODEL_UNKNOWN. */
  async showModel(name: string): Promise<ModelSummary> {
    return this.#registryOf().show(name)
  }

  /** What a group has served, the current revision last. Throws MODEL_UNKNOWN for a group that serves nothing. */
  async modelRevisions(group: string): Promise<readonly ModelDeployment[]> {
    return this.#registryOf().revisions(group)
  }

  /** One change after the other, so that each sees the one before. */
  async #change<T>(work: (registry: ModelRegistry) => Promise<T>): Promise<T> {
    const registry = this.#registryOf()
    const done = this.#changes.then(async () => work(registry))
    this.#changes = done.catch(() => undefined)
    return done
  }

  async #serve(registry: ModelRegistry, plan: DeploymentPlan): Promise<ModelDeployment> {
    const { executor, announced } = this.#options
    announced.check(registerModel(plan.group, plan.binding).signature, 'MODEL_INVALID')
    await executor.prepare(plan.binding)
    try {
      const deployment = await registry.commitDeployment(plan)
      this.#prepared.set(revisionKey(deployment), plan.binding)
      await this.#follow(registry)
      return deployment
    } catch (error) {
      await executor.retire(plan.binding)
      throw error
    }
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #refreshOnce(): Promise<void> {
    const registry = this.#registryOf()
    if ((await registry.revision()) === this.#known) return
    const following = this.#change(async () => this.#follow(registry))
    // At first there is nothing else to serve.
    if (this.#known === null) return following
    following.catch((error: unknown) =>
      warn(`models of another process cannot be served: ${messageOf(error)}`),
    )
  }

  /** Serves what is deployed now. A version that cannot be loaded changes nothing of its group. */
  async #follow(registry: ModelRegistry): Promise<void> {
    const revision = await registry.revision()
    if (revision === this.#known) return
    const deployed = await registry.deployments()
    const groups = new Set(deployed.map(({ deployment }) => deployment.group))
    for (const { deployment, binding } of deployed) {
      const { group, revision: number } = deployment
      const serving = this.#serving.get(group)
      if (serving?.revision === number) continue
      const key = revisionKey(deployment)
      const own = this.#prepared.get(key) ?? (await this.#load(group, binding, serving !== undefined))
      this.#prepared.delete(key)
      if (own === null) continue
      const registered = registerModel(group, own)
      await this.#options.announced.announce(registered.signature, 'MODEL_INVALID')
      this.#serving.set(group, { revision: number, registered })
    }
    for (const group of this.#serving.keys()) if (!groups.has(group)) this.#serving.delete(group)
    this.#known = revision
    const served = [...this.#serving.values()].map(({ registered }) => ({
      functions: [registered],
      next: null,
    }))
    this.#options.catalog.serve(this, served)
  }

  /** A group that serves already goes on until its next version is ready; one that is new loads with its first call. */
  async #load(group: string, binding: ModelBinding, isLive: boolean): Promise<ModelBinding | null> {
    const { executor } = this.#options
    if (!isLive) {
      executor.hold(binding)
      return binding
    }
    try {
      await executor.prepare(binding)
      return binding
    } catch (error) {
      const { name, version } = binding.version
      warn(
        `group '${group}' goes on as it is: version ${version} of model '${name}' does not load: ${messageOf(error)}`,
      )
      return null
    }
  }

  /** Whether models were ever registered where the session keeps its state. */
  #isUsed(): boolean {
    const { directory } = this.#options.state
    return this.#registry !== null || (directory !== null && existsSync(ModelRegistry.directoryIn(directory)))
  }

  #registryOf(): ModelRegistry {
    const { state, baseDirectory } = this.#options
    if (state.directory === null) {
      throw new EngineError('CONFIG_INVALID', 'models need a place, but this session keeps no state', {
        hint: "open the session with state: '.callplane', or another directory",
      })
    }
    this.#registry ??= new ModelRegistry({
      directory: state.directory,
      store: () => state.models(),
      inspect: inspectModel,
      baseDirectory,
    })
    return this.#registry
  }
}

function revisionKey({ group, revision }: ModelDeployment): string {
  return `${group}@${revision}`
}

function warn(message: string): void {
  process.emitWarning(message, 'CallplaneWarning')
}
