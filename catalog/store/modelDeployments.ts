import type { ModelDeployment, ModelRuntime } from '../models/model.ts'
import type { StoreDatabase } from './database.ts'
import { numberAt, type Row, textAt } from './statement.ts'

/** Which groups serve which versions. Each method works within a transaction of its caller. */
export class ModelDeployments {
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(database: StoreDatabase) {
    this.#statements = prepareStatements(database)
  }

  /** How often they changed. */
  changes(): number {
    return numberAt(this.#statements.countChanges.get() ?? [], 0)
  }

  revisions(group: string): readonly ModelDeployment[] {
    return this.#statements.findRevisions.all(group).map(deploymentOf)
  }

  /** The current revision of each group, by its name. */
  current(): readonly ModelDeployment[] {
    return this.#statements.findCurrent.all().map(deploymentOf)
  }

  /** Whether a group serves a model. */
  has(group: string): boolean {
    return this.#statements.findGroup.get(group) !== undefined
  }

  /** Whether a scaling group has the name. */
  isTaken(group: string): boolean {
    return this.#statements.findScalingGroup.get(group) !== undefined
  }

  /** Scaling groups whose replicas serve a version of a model now, or any of it where `version` is null. */
  scalingGroups(model: string, version: number | null): readonly string[] {
    const served = this.#statements.findServedModels
      .all()
      .map((row) => [textAt(row, 0), textAt(row, 1)] as const)
    const isMeant = (reference: string): boolean => {
      const [name = '', number = ''] = reference.split('@')
      return name.toLowerCase() === model.toLowerCase() && (version === null || Number(number) === version)
    }
    return served.filter(([, reference]) => isMeant(reference)).map(([group]) => group)
  }

  add({ group, model, version, runtime, created }: Omit<ModelDeployment, 'revision'>): ModelDeployment {
    const { nextRevision, addRevision, addChange } = this.#statements
    const [name, revision] = nextRevision.get(group) ?? []
    const deployment = deploymentOf([name, revision, model, version, JSON.stringify(runtime), created])
    addRevision.run(deployment.group, deployment.revision, model, version, JSON.stringify(runtime), created)
    addChange.run()
    return deployment
  }

  remove(group: string): void {
    this.#statements.removeRevisions.run(group)
    this.#statements.addChange.run()
  }
}

const columns = 'name, revision, model, version, runtime, created'
const joined = 'model_deployments JOIN model_groups ON name = "group"'

function prepareStatements(database: StoreDatabase) {
  return {
    countChanges: database.prepare('SELECT count FROM model_changes'),
    addChange: database.prepare('UPDATE model_changes SET count = count + 1'),
    findRevisions: database.prepare(`SELECT ${columns} FROM ${joined} WHERE "group" = ? ORDER BY revision`),
    findCurrent: database.prepare(`
      SELECT ${columns} FROM ${joined}
      WHERE revision = (SELECT max(revision) FROM model_deployments WHERE "group" = name) ORDER BY name`),
    findScalingGroup: database.prepare('SELECT 1 FROM group_rollouts WHERE "group" = ?'),
    findServedModels: database.prepare(`
      SELECT name, json_extract(spec, '$.source.model') AS model
      FROM group_rollouts AS rollout JOIN scaling_groups ON name = rollout."group"
      JOIN group_revisions AS served
      ON served."group" = rollout."group" AND served.revision IN (rollout.revision, rollout.previous)
      WHERE model IS NOT NULL ORDER BY name`),
    findGroup: database.prepare('SELECT 1 FROM model_deployments WHERE "group" = ? LIMIT 1'),
    // The first spelling of a name stays.
    nextRevision: database.prepare(`
      INSERT INTO model_groups (name, last) VALUES (?, 1)
      ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING name, last`),
    addRevision: database.prepare(`
      INSERT INTO model_deployments ("group", revision, model, version, runtime, created)
      VALUES (?, ?, ?, ?, ?, ?)`),
    removeRevisions: database.prepare('DELETE FROM model_deployments WHERE "group" = ?'),
  }
}

function deploymentOf(row: Row): ModelDeployment {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `add` writes this column
  const runtime = JSON.parse(textAt(row, 4)) as ModelRuntime
  return Object.freeze({
    group: textAt(row, 0),
    revision: numberAt(row, 1),
    model: textAt(row, 2),
    version: numberAt(row, 3),
    runtime: Object.freeze(runtime),
    created: numberAt(row, 5),
  })
}
