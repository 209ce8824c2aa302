import { EngineError } from '../../src/base/errors.ts'
import { findVersion, takenByGroup, unknownGroup, unknownModel } from '../models/findVersion.ts'
import type { ModelDeployment, ModelVersion } from '../models/model.ts'
import type { StoreDatabase } from './database.ts'
import { HeldFolders } from './heldFolders.ts'
import { ModelDeployments } from './modelDeployments.ts'
import type { ModelRecord, ModelStore, NewModelVersion, ServedVersion } from './modelStore.ts'
import { numberAt, type Row, textAt } from './statement.ts'

/** Models in a file. */
export class LibsqlModels implements ModelStore {
  readonly #database: StoreDatabase
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #deployments: ModelDeployments
  readonly #folders: HeldFolders

  constructor(database: StoreDatabase) {
    this.#database = database
    this.#statements = prepareStatements(database)
    this.#deployments = new ModelDeployments(database)
    this.#folders = new HeldFolders(database)
  }

  list(): Promise<readonly ModelRecord[]> {
    return this.#database.read(() =>
      this.#names().flatMap((name) => {
        const record = this.#get(name)
        return record === null ? [] : [record]
      }),
    )
  }

  get(name: string): Promise<ModelRecord | null> {
    return this.#database.read(() => this.#get(name))
  }

  add(version: NewModelVersion, aliases: readonly string[]): Promise<ModelVersion> {
    const { nextVersion, addVersion } = this.#statements
    const { name: given, folder, ...content } = version
    return this.#database.write(() => {
      const row = nextVersion.get(given) ?? []
      const [name, number] = [textAt(row, 0), numberAt(row, 1)]
      addVersion.run(name, number, folder, JSON.stringify(content))
      for (const alias of aliases) this.#statements.setAlias.run(name, alias, number)
      return Object.freeze({ ...content, name, version: number })
    })
  }

  async promote(name: string, alias: string, version: number): Promise<void> {
    await this.#database.write(() => {
      const model = this.#known(name)
      this.#statements.setAlias.run(model.name, alias, findVersion(model, version).version)
    })
  }

  async delete(name: string, version: number | null): Promise<void> {
    const { removeVersion, removeVersions, removeAliases } = this.#statements
    await this.#database.write(() => {
      const model = this.#known(name)
      if (version !== null) findVersion(model, version)
      checkUnused(model, version, this.#deployments.scalingGroups(model.name, version))
      if (version !== null) removeVersion.run(name, version)
      else {
        removeVersions.run(name)
        removeAliases.run(name)
      }
    })
  }

  revisions(group: string): Promise<readonly ModelDeployment[]> {
    return this.#database.read(() => this.#deployments.revisions(group))
  }

  deployments(): Promise<readonly ServedVersion[]> {
    return this.#database.read(() =>
      this.#deployments.current().map((deployment) => {
        const version = findVersion(this.#known(deployment.model), deployment.version)
        return Object.freeze({ deployment, version })
      }),
    )
  }

  deploy(
    deployment: Omit<ModelDeployment, 'revision'>,
    current: number | null,
  ): Promise<ModelDeployment | null> {
    return this.#database.write(() => {
      const last = this.#deployments.revisions(deployment.group).at(-1)?.revision ?? null
      if (last !== current) return null
      if (this.#deployments.isTaken(deployment.group)) throw takenByGroup(deployment.group)
      const { name, version } = findVersion(this.#known(deployment.model), deployment.version)
      return this.#deployments.add({ ...deployment, model: name, version })
    })
  }

  async undeploy(group: string): Promise<void> {
    await this.#database.write(() => {
      if (this.#deployments.revisions(group).length === 0) {
        const groups = this.#deployments.current().map((deployment) => deployment.group)
        throw unknownGroup(group, groups)
      }
      this.#deployments.remove(group)
    })
  }

  revision(): Promise<number> {
    return this.#database.read(() => this.#deployments.changes())
  }

  async hold(folder: string, holder: string): Promise<void> {
    await this.#database.write(() => this.#folders.hold(folder, holder))
  }

  async release(holder: string): Promise<void> {
    await this.#database.write(() => this.#folders.release(holder))
  }

  async sweep(folders: readonly string[], remove: (folder: string) => void): Promise<void> {
    await this.#database.write(() => {
      const held = this.#folders.held()
      for (const folder of folders) {
        const isUsed = held.has(folder) || this.#statements.findFolder.get(folder) !== undefined
        if (!isUsed) remove(folder)
      }
    })
  }

  #names(): readonly string[] {
    return this.#statements.listNames.all().map((row) => textAt(row, 0))
  }

  /** Throws for a model without versions. */
  #known(name: string): ModelRecord {
    const record = this.#get(name)
    if (record === null || record.versions.length === 0) throw unknownModel(name, this.#names())
    return record
  }

  #get(asked: string): ModelRecord | null {
    const row = this.#statements.find.get(asked)
    if (row === undefined) return null
    const name = textAt(row, 0)
    const { findVersions, findAliases } = this.#statements
    const isOfModel = ({ model }: ModelDeployment): boolean => model.toLowerCase() === name.toLowerCase()
    return Object.freeze({
      name,
      versions: Object.freeze(findVersions.all(name).map((version) => versionOf(name, version))),
      aliases: Object.freeze(
        findAliases
          .all(name)
          .map((alias) => Object.freeze({ alias: textAt(alias, 0), version: numberAt(alias, 1) })),
      ),
      deployments: Object.freeze(this.#deployments.current().filter(isOfModel)),
      lastVersion: numberAt(row, 1),
    })
  }
}

function prepareStatements(database: StoreDatabase) {
  return {
    find: database.prepare('SELECT name, last FROM models WHERE name = ?'),
    listNames: database.prepare('SELECT name FROM models WHERE name IN (SELECT model FROM model_versions)'),
    findVersions: database.prepare(
      'SELECT version, content FROM model_versions WHERE model = ? ORDER BY version',
    ),
    findAliases: database.prepare('SELECT alias, version FROM model_aliases WHERE model = ? ORDER BY alias'),
    findFolder: database.prepare('SELECT 1 FROM model_versions WHERE folder = ? LIMIT 1'),
    // The first spelling of a name stays.
    nextVersion: database.prepare(`
      INSERT INTO models (name, last) VALUES (?, 1)
      ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING name, last`),
    addVersion: database.prepare(
      'INSERT INTO model_versions (model, version, folder, content) VALUES (?, ?, ?, ?)',
    ),
    setAlias: database.prepare(`
      INSERT INTO model_aliases (model, alias, version) VALUES (?, ?, ?)
      ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version`),
    removeVersion: database.prepare('DELETE FROM model_versions WHERE model = ? AND version = ?'),
    removeVersions: database.prepare('DELETE FROM model_versions WHERE model = ?'),
    removeAliases: database.prepare('DELETE FROM model_aliases WHERE model = ?'),
  }
}

function versionOf(name: string, row: Row): ModelVersion {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `add` writes this column
  const content = JSON.parse(textAt(row, 1)) as Omit<ModelVersion, 'name' | 'version'>
  return Object.freeze({ ...content, name, version: numberAt(row, 0) })
}

/** `version` is null for all versions, whose aliases go with them. */
function checkUnused(
  { name, aliases, deployments }: ModelRecord,
  version: number | null,
  scalingGroups: readonly string[],
): void {
  const isMeant = (used: { readonly version: number }): boolean =>
    version === null || used.version === version
  const standing = version === null ? [] : aliases.filter(isMeant).map(({ alias }) => `alias '${alias}'`)
  const served = deployments.filter(isMeant).map(({ group }) => group)
  const serving = [...served, ...new Set(scalingGroups)].map((group) => `group '${group}'`)
  if (standing.length + serving.length === 0) return
  const what = version === null ? `model '${name}'` : `version ${version} of model '${name}'`
  const hints = [
    ...(standing.length === 0 ? [] : ['promote another version to the alias']),
    ...(serving.length === 0 ? [] : ['deploy another version to the group, or undeploy it']),
  ]
  throw new EngineError('MODEL_IN_USE', `${what} is used by ${[...standing, ...serving].join(', ')}`, {
    hint: hints.join('; '),
  })
}
