import type {
  DeployedGroup,
  GroupRevision,
  GroupRollout,
  HeldReplica,
  PublishedReplica,
} from '../groups/deployment.ts'
import { takenByModel, unknownGroup } from '../groups/groupErrors.ts'
import type { ScalingGroupSpec } from '../groups/scalingGroup.ts'
import type { StoreDatabase } from './database.ts'
import { GroupReplicas } from './groupReplicas.ts'
import type { GroupStore } from './groupStore.ts'
import { ModelDeployments } from './modelDeployments.ts'
import { nullable, numberAt, type Row, textAt } from './statement.ts'

/** Scaling groups in a file. */
export class LibsqlGroups implements GroupStore {
  readonly #database: StoreDatabase
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #replicas: GroupReplicas
  readonly #models: ModelDeployments

  constructor(database: StoreDatabase) {
    this.#database = database
    this.#statements = prepareStatements(database)
    this.#replicas = new GroupReplicas(database)
    this.#models = new ModelDeployments(database)
  }

  list(): Promise<readonly DeployedGroup[]> {
    return this.#database.read(() => this.#statements.listRollouts.all().map((row) => this.#deployed(row)))
  }

  get(group: string): Promise<DeployedGroup | null> {
    return this.#database.read(() => this.#get(group))
  }

  revisions(group: string): Promise<readonly GroupRevision[]> {
    return this.#database.read(() => this.#statements.findRevisions.all(group).map(revisionOf))
  }

  reserve(group: string): Promise<number> {
    return this.#database.write(() => numberAt(this.#statements.nextRevision.get(group) ?? [], 0))
  }

  route(
    revision: Omit<GroupRevision, 'completed'>,
    { share, previous }: Omit<GroupRollout, 'revision'>,
    expected: GroupRollout | null,
    now: number,
  ): Promise<DeployedGroup | null> {
    const { addGroup, addRevision, complete, setRollout, addChange } = this.#statements
    const { group, revision: number, spec, digest, created } = revision
    return this.#database.write(() => {
      const found = this.#statements.findRollout.get(group)
      if (!isSame(found === undefined ? null : rolloutOf(found), expected)) return null
      this.#checkName(group)
      addGroup.run(group, number)
      addRevision.run(group, number, JSON.stringify(spec), digest, created)
      if (share === 100) complete.run(now, group, number)
      setRollout.run(group, number, share, previous, now)
      addChange.run()
      return this.#get(group)
    })
  }

  async delete(group: string): Promise<void> {
    await this.#database.write(() => {
      if (this.#statements.removeRollout.run(group) === 0) {
        throw unknownGroup(
          group,
          this.#statements.listRollouts.all().map((row) => textAt(row, 0)),
        )
      }
      this.#statements.removeRevisions.run(group)
      this.#statements.addChange.run()
    })
  }

  changes(): Promise<number> {
    return this.#database.read(() => numberAt(this.#statements.countChanges.get() ?? [], 0))
  }

  async publish(owner: string, replicas: readonly PublishedReplica[], now: number): Promise<void> {
    await this.#database.write(() => this.#replicas.publish(owner, replicas, now))
  }

  replicas(): Promise<readonly HeldReplica[]> {
    return this.#database.read(() => this.#replicas.list())
  }

  #get(group: string): DeployedGroup | null {
    const row = this.#statements.findRollout.get(group)
    return row === undefined ? null : this.#deployed(row)
  }

  #deployed(row: Row): DeployedGroup {
    const group = textAt(row, 0)
    const { revision, share, previous } = rolloutOf(row)
    return Object.freeze({
      group,
      current: this.#revision(group, revision),
      share,
      previous: previous === null ? null : this.#revision(group, previous),
      changed: numberAt(row, 4),
    })
  }

  #revision(group: string, revision: number): GroupRevision {
    return revisionOf(this.#statements.findRevision.get(group, revision) ?? [])
  }

  #checkName(group: string): void {
    if (!this.#models.has(group)) return
    throw takenByModel(group)
  }
}

const revisionColumns = 'name, revision, spec, digest, created, completed'
const revisions = 'group_revisions JOIN scaling_groups ON name = "group"'
const rolloutColumns = 'name, revision, share, previous, changed'
const rollouts = 'group_rollouts JOIN scaling_groups ON name = "group"'

function prepareStatements(database: StoreDatabase) {
  return {
    countChanges: database.prepare('SELECT count FROM group_changes'),
    addChange: database.prepare('UPDATE group_changes SET count = count + 1'),
    listRollouts: database.prepare(`SELECT ${rolloutColumns} FROM ${rollouts} ORDER BY name`),
    findRollout: database.prepare(`SELECT ${rolloutColumns} FROM ${rollouts} WHERE "group" = ?`),
    setRollout: database.prepare(`
      INSERT INTO group_rollouts ("group", revision, share, previous, changed) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT ("group") DO UPDATE
      SET revision = excluded.revision, share = excluded.share, previous = excluded.previous, changed = excluded.changed`),
    removeRollout: database.prepare('DELETE FROM group_rollouts WHERE "group" = ?'),
    findRevisions: database.prepare(
      `SELECT ${revisionColumns} FROM ${revisions} WHERE "group" = ? ORDER BY revision`,
    ),
    findRevision: database.prepare(
      `SELECT ${revisionColumns} FROM ${revisions} WHERE "group" = ? AND revision = ?`,
    ),
    // The first spelling of a name stays.
    nextRevision: database.prepare(`
      INSERT INTO scaling_groups (name, last) VALUES (?, 1)
      ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last`),
    addGroup: database.prepare(`
      INSERT INTO scaling_groups (name, last) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)`),
    addRevision: database.prepare(`
      INSERT INTO group_revisions ("group", revision, spec, digest, created) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING`),
    complete: database.prepare(`
      UPDATE group_revisions
      SET completed = (SELECT max(?1, coalesce(max(completed) + 1, 0)) FROM group_revisions WHERE "group" = ?2)
      WHERE "group" = ?2 AND revision = ?3`),
    removeRevisions: database.prepare('DELETE FROM group_revisions WHERE "group" = ?'),
  }
}

function revisionOf(row: Row): GroupRevision {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `route` writes this column
  const spec = JSON.parse(textAt(row, 2)) as ScalingGroupSpec
  return Object.freeze({
    group: textAt(row, 0),
    revision: numberAt(row, 1),
    spec: Object.freeze(spec),
    digest: nullable(textAt, row, 3),
    created: numberAt(row, 4),
    completed: nullable(numberAt, row, 5),
  })
}

function rolloutOf(row: Row): GroupRollout {
  return { revision: numberAt(row, 1), share: numberAt(row, 2), previous: nullable(numberAt, row, 3) }
}

function isSame(a: GroupRollout | null, b: GroupRollout | null): boolean {
  if (a === null || b === null) return a === b
  return a.revision === b.revision && a.share === b.share && a.previous === b.previous
}
