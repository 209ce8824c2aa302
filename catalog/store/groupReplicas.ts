import type { HeldReplica, PublishedReplica } from '../groups/deployment.ts'
import type { StoreDatabase } from './database.ts'
import { isRunning, processInstance } from './runProcess.ts'
import { nullable, numberAt, type Row, textAt } from './statement.ts'

/** What processes tell of the replicas that they hold. Each method works within a transaction of its caller. */
export class GroupReplicas {
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(database: StoreDatabase) {
    this.#statements = prepareStatements(database)
  }

  /** Also forgets what processes told that are gone. */
  publish(owner: string, replicas: readonly PublishedReplica[], now: number): void {
    const { add, remove, listOwners } = this.#statements
    for (const row of listOwners.all()) {
      const other = textAt(row, 0)
      if (other === owner || !isHeld(row, 1)) remove.run(other)
    }
    const instance = processInstance(process.pid) ?? null
    for (const { group, revision, id, endpoint, pid, state, inFlight, started, restarts, log } of replicas) {
      const told = [endpoint, pid, state, inFlight, started, restarts, log, now]
      add.run(owner, group, revision, id, ...told, process.pid, instance)
    }
  }

  /** Those of living processes. */
  list(): readonly HeldReplica[] {
    return this.#statements.list
      .all()
      .filter((row) => isHeld(row, 11))
      .map(replicaOf)
  }
}

function prepareStatements(database: StoreDatabase) {
  const told = '"group", revision, id, endpoint, pid, state, in_flight, started, restarts, log, updated'
  return {
    listOwners: database.prepare('SELECT DISTINCT owner, process, process_instance FROM group_replicas'),
    remove: database.prepare('DELETE FROM group_replicas WHERE owner = ?'),
    add: database.prepare(`
      INSERT INTO group_replicas (owner, ${told}, process, process_instance)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    list: database.prepare(
      `SELECT ${told}, process, process_instance FROM group_replicas ORDER BY "group", revision, id`,
    ),
  }
}

/** Whether the process lives whose number and instance stand in the row, from that column on. */
function isHeld(row: Row, column: number): boolean {
  const instance = nullable(textAt, row, column + 1)
  const told = instance === null ? {} : { processInstance: instance }
  return isRunning({ state: 'running', process: numberAt(row, column), ...told })
}

function replicaOf(row: Row): HeldReplica {
  return Object.freeze({
    group: textAt(row, 0),
    revision: numberAt(row, 1),
    id: textAt(row, 2),
    endpoint: textAt(row, 3),
    pid: nullable(numberAt, row, 4),
    state: textAt(row, 5),
    inFlight: numberAt(row, 6),
    started: numberAt(row, 7),
    restarts: numberAt(row, 8),
    log: nullable(textAt, row, 9),
    updated: numberAt(row, 10),
    process: numberAt(row, 11),
  })
}
