import type { ModelDeployment, ModelVersion } from '../models/model.ts'

/** A version that has no number yet. Paths of its files start with the folder that they lie in, and lead on with slashes. */
export interface NewModelVersion extends Omit<ModelVersion, 'version'> {
  readonly folder: string
}

export interface ModelAlias {
  readonly alias: string
  readonly version: number
}

/** A model as it was at one moment. */
export interface ModelRecord {
  readonly name: string
  /** The lowest number first. */
  readonly versions: readonly ModelVersion[]
  /** By name, without `latest`. */
  readonly aliases: readonly ModelAlias[]
  /** What groups serve of it now. */
  readonly deployments: readonly ModelDeployment[]
  /** The highest number that a version ever had. */
  readonly lastVersion: number
}

/** A group's current revision with the version that it serves. */
export interface ServedVersion {
  readonly deployment: ModelDeployment
  readonly version: ModelVersion
}

/**
 * Versions of models, what their aliases stand for, and which groups serve them. Letter case does not part names. Paths of files
 * are kept as they are given.
 */
export interface ModelStore {
  /** Models that have versions, by name. */
  list(): Promise<readonly ModelRecord[]>
  /** Null for one that never had a version. */
  get(name: string): Promise<ModelRecord | null>
  /** Keeps a version under the next number of its model, which no version ever had, and lets aliases stand for it. */
  add(version: NewModelVersion, aliases: readonly string[]): Promise<ModelVersion>
  /** Lets an alias stand for a version. Throws MODEL_UNKNOWN if that is not there. */
  promote(name: string, alias: string, version: number): Promise<void>
  /**
   * Deletes a version, or all of a model with its aliases, where `version` is null. Throws MODEL_UNKNOWN if there is none, and
   * MODEL_IN_USE while a group serves it, or an alias stands for the one version.
   */
  delete(name: string, version: number | null): Promise<void>

  /** The revisions of a group, the lowest first; the last is current. Empty for a group that serves nothing. */
  revisions(group: string): Promise<readonly ModelDeployment[]>
  /** What each group serves now, by name. */
  deployments(): Promise<readonly ServedVersion[]>
  /**
   * Makes the next revision of a group, whose number it never had, if `current` is the number of its current one, null for none;
   * otherwise answers null and changes nothing. Throws MODEL_UNKNOWN if the version is not there.
   */
  deploy(
    deployment: Omit<ModelDeployment, 'revision'>,
    current: number | null,
  ): Promise<ModelDeployment | null>
  /** Removes a group's revisions. Throws MODEL_UNKNOWN for a group that serves nothing. */
  undeploy(group: string): Promise<void>
  /** A number that grows whenever deployments change. */
  revision(): Promise<number>

  /** Keeps others from removing a folder, until this process releases or ends. `holder` is a name of the caller's own. */
  hold(folder: string, holder: string): Promise<void>
  /** Ends all holds of the holder. */
  release(holder: string): Promise<void>
  /** Calls `remove` for each of the folders that no version and no living process needs; nobody can hold it meanwhile. */
  sweep(folders: readonly string[], remove: (folder: string) => void): Promise<void>
}
