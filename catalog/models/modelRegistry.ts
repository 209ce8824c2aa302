import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { EngineError } from '../../src/base/errors.ts'
import { formatTypes } from '../catalog.ts'
import type { ModelAlias, ModelRecord, ModelStore } from '../store/modelStore.ts'
import { type ArtifactIntake, ArtifactStore } from './artifacts.ts'
import { findVersion, latestAlias, unknownGroup, unknownModel } from './findVersion.ts'
import type { ModelBinding, ModelDeployment, ModelInterface, ModelVersion } from './model.ts'
import { checkAlias, checkModelName } from './modelName.ts'
import { type DeployOptions, readDeployment } from './readDeployment.ts'
import { type RegisterModelOptions, type Registration, readRegistration } from './readRegistration.ts'
import { sameTypes, typesOfVersion } from './versionTypes.ts'

export type { DeployOptions } from './readDeployment.ts'
export type { RegisterModelOptions } from './readRegistration.ts'

export interface ModelRegistryOptions {
  /** Where state is kept. */
  readonly directory: string
  readonly store: () => Promise<ModelStore>
  /** What the graph in a file takes and gives; fails with MODEL_INVALID for a file that is no model. */
  readonly inspect: (path: string) => Promise<ModelInterface>
  /** To which paths are relative. Default: the working directory. */
  readonly baseDirectory?: string
  /** Default: the machine's. */
  readonly cores?: number
  /** Default: the machine's. */
  readonly clock?: { now(): number }
}

/** What is known of a model. */
export interface ModelSummary {
  readonly name: string
  /** The lowest number first. */
  readonly versions: readonly ModelVersion[]
  /** `latest` first. */
  readonly aliases: readonly ModelAlias[]
  /** The groups that serve it. */
  readonly deployments: readonly ModelDeployment[]
}

/** What a group is to serve. Nothing has changed yet. */
export interface DeploymentPlan {
  readonly group: string
  readonly binding: ModelBinding
  /** The revision of the group that it was made for; null for a group that serves nothing. */
  readonly current: number | null
}

/** A group with its current revision. */
export interface DeployedModel {
  readonly deployment: ModelDeployment
  readonly binding: ModelBinding
}

/** Versions of models, their aliases, and the groups that serve them. Processes share it. */
export class ModelRegistry {
  readonly #options: ModelRegistryOptions
  readonly #artifacts: ArtifactStore

  constructor(options: ModelRegistryOptions) {
    this.#options = options
    const directory = join(ModelRegistry.directoryIn(options.directory), 'artifacts')
    this.#artifacts = new ArtifactStore(directory, options.store)
  }

  /** Where files of models are kept in a directory of state. */
  static directoryIn(state: string): string {
    return join(state, 'models')
  }

  /**
   * Keeps a new version of a model with copies of its files. Throws MODEL_INVALID for a file that is no model or does not fit its
   * schemas, NAME_INVALID, CONFIG_INVALID, DEFINITION_INVALID for types, MODULE_LOAD_FAILED, IO_FAILED; then nothing is kept.
   */
  async registerModelVersion(options: RegisterModelOptions): Promise<ModelVersion> {
    const registration = await readRegistration(options, this.#options.baseDirectory ?? process.cwd())
    await this.#artifacts.sweep()
    const intake = await this.#artifacts.take([registration.model, ...registration.files])
    try {
      return await this.#keep(registration, intake)
    } finally {
      await intake.close()
    }
  }

  /** The version of a number or an alias. Throws MODEL_UNKNOWN with suggestions. */
  async resolve(model: string, version: number | string = latestAlias): Promise<ModelVersion> {
    return this.#locate(findVersion(await this.#find(model), version))
  }

  /** All models, by name. */
  async list(): Promise<readonly ModelSummary[]> {
    const store = await this.#options.store()
    return (await store.list()).map((record) => this.#summarize(record))
  }

  /** Throws MODEL_UNKNOWN with suggestions. */
  async show(name: string): Promise<ModelSummary> {
    return this.#summarize(await this.#find(name))
  }

  /** Lets an alias stand for a version. Throws MODEL_UNKNOWN, and NAME_INVALID for `latest`, which is always the highest version. */
  async promote(options: {
    readonly name: string
    readonly version: number | string
    readonly alias: string
  }): Promise<ModelVersion> {
    checkAlias(options.alias)
    const found = await this.resolve(options.name, options.version)
    const store = await this.#options.store()
    await store.promote(found.name, options.alias, found.version)
    return found
  }

  /**
   * Deletes a version, or all of a model, with the files that no other version has. Throws MODEL_UNKNOWN, and MODEL_IN_USE for what
   * a group serves or an alias other than `latest` stands for.
   */
  async deleteModel(options: { readonly name: string; readonly version?: number }): Promise<void> {
    const store = await this.#options.store()
    await store.delete(options.name, options.version ?? null)
    await this.#artifacts.sweep()
  }

  /**
   * Finds what a group is to serve, and changes nothing. Throws MODEL_UNKNOWN, NAME_INVALID, CONFIG_INVALID, and MODEL_INVALID for a
   * version of other types than those of the one that the group serves.
   */
  async planDeployment(options: DeployOptions): Promise<DeploymentPlan> {
    checkModelName(options.group, 'group')
    const runtime = readDeployment(options, this.#options.cores ?? availableParallelism())
    const version = await this.resolve(options.model, options.version)
    return this.#plan(options.group, { version, runtime })
  }

  /**
   * Plans that a group serves again what it served one revision ago. Throws MODEL_UNKNOWN if it served nothing before, or a version
   * that was deleted since.
   */
  async planRollback(group: string): Promise<DeploymentPlan> {
    const revisions = await this.revisions(group)
    const before = revisions.at(-2)
    if (before === undefined) {
      throw new EngineError('MODEL_UNKNOWN', `group '${group}' has no revision before the one that it serves`)
    }
    const version = await this.resolve(before.model, before.version)
    return this.#plan(group, { version, runtime: before.runtime })
  }

  /** Makes a plan the next revision of its group. Throws MODEL_UNKNOWN and MODEL_INVALID for what has changed since. */
  async commitDeployment({ group, binding, current }: DeploymentPlan): Promise<ModelDeployment> {
    const { version, runtime } = binding
    const store = await this.#options.store()
    const created = (this.#options.clock ?? Date).now()
    const deployment = { group, model: version.name, version: version.version, runtime, created }
    for (let expected = current; ; ) {
      const made = await store.deploy(deployment, expected)
      if (made !== null) return made
      // Another process was first.
      expected = (await this.#plan(group, binding)).current
    }
  }

  /** Ends a group. Throws MODEL_UNKNOWN if it serves nothing. */
  async undeploy(group: string): Promise<void> {
    const store = await this.#options.store()
    await store.undeploy(group)
  }

  /** What each group serves, by its name. */
  async deployments(): Promise<readonly DeployedModel[]> {
    const store = await this.#options.store()
    return (await store.deployments()).map(({ deployment, version }) =>
      Object.freeze({ deployment, binding: bindingOf(this.#locate(version), deployment) }),
    )
  }

  /** All revisions of a group, the current one last. Throws MODEL_UNKNOWN if it serves nothing. */
  async revisions(group: string): Promise<readonly ModelDeployment[]> {
    const store = await this.#options.store()
    const revisions = await store.revisions(group)
    if (revisions.length > 0) return revisions
    const served = await store.deployments()
    throw unknownGroup(
      group,
      served.map(({ deployment }) => deployment.group),
    )
  }

  /** A number that grows whenever a group or what it serves changes, in any process. */
  async revision(): Promise<number> {
    const store = await this.#options.store()
    return store.revision()
  }

  async #keep(registration: Registration, intake: ArtifactIntake): Promise<ModelVersion> {
    const { name, files, metadata, aliases } = registration
    const [model, ...others] = intake.artifacts
    if (model === undefined) throw new EngineError('INTERNAL', `model '${name}' was copied without its file`)
    const graph = await this.#inspect(registration, intake)
    const types = typesOfVersion(registration, graph)
    await intake.keep()
    const artifacts = Object.fromEntries(
      others.map((artifact, index) => [files[index]?.role ?? '', artifact]),
    )
    const created = (this.#options.clock ?? Date).now()
    const { folder } = intake
    const store = await this.#options.store()
    const version = await store.add(
      { name, created, folder, model, artifacts, ...types, graph, metadata },
      aliases,
    )
    return this.#locate(version)
  }

  /** Of the copy, so that what is kept is what was checked. */
  async #inspect({ name, model }: Registration, intake: ArtifactIntake): Promise<ModelInterface> {
    try {
      return await this.#options.inspect(join(intake.directory, model.name))
    } catch (error) {
      // Fails in the same way, with the path that the caller knows, unless a file beside the model is missing.
      await this.#options.inspect(model.path)
      const message = `model '${name}' loads where it is, but not without the other files there`
      throw new EngineError('MODEL_INVALID', message, { path: model.path, hint: hintFiles }, error)
    }
  }

  async #plan(group: string, binding: ModelBinding): Promise<DeploymentPlan> {
    const key = group.toLowerCase()
    const deployed = await this.deployments()
    const served = deployed.find(({ deployment }) => deployment.group.toLowerCase() === key)
    if (served === undefined) return Object.freeze({ group, binding: Object.freeze(binding), current: null })
    const { deployment } = served
    checkFits(deployment.group, served.binding.version, binding.version)
    const current = deployment.revision
    return Object.freeze({ group: deployment.group, binding: Object.freeze(binding), current })
  }

  async #find(name: string): Promise<ModelRecord> {
    const store = await this.#options.store()
    const record = await store.get(name)
    if (record !== null && record.versions.length > 0) return record
    const known = await store.list()
    throw unknownModel(
      name,
      known.map((model) => model.name),
    )
  }

  #summarize(record: ModelRecord): ModelSummary {
    const { name, versions, aliases, deployments } = record
    const latest = versions.at(-1)
    return Object.freeze({
      name,
      versions: Object.freeze(versions.map((version) => this.#locate(version))),
      aliases: Object.freeze([
        ...(latest === undefined ? [] : [{ alias: latestAlias, version: latest.version }]),
        ...aliases,
      ]),
      deployments,
    })
  }

  #locate(version: ModelVersion): ModelVersion {
    const artifacts = Object.entries(version.artifacts).map(([role, artifact]) => [
      role,
      this.#artifacts.locate(artifact),
    ])
    return Object.freeze({
      ...version,
      model: this.#artifacts.locate(version.model),
      artifacts: Object.freeze(Object.fromEntries(artifacts)),
    })
  }
}

const hintFiles = "name them: files: ['weights.bin']"

function bindingOf(version: ModelVersion, { runtime }: ModelDeployment): ModelBinding {
  return Object.freeze({ version, runtime })
}

function checkFits(group: string, current: ModelVersion, next: ModelVersion): void {
  if (sameTypes(current, next)) return
  throw new EngineError(
    'MODEL_INVALID',
    `group '${group}' cannot change its types while it serves: ${describe(current)}, and ${describe(next)}`,
    { hint: 'deploy it to another group' },
  )
}

function describe(version: ModelVersion): string {
  return `version ${version.version} of model '${version.name}' is ${formatTypes(version)}`
}
