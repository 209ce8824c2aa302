import type { StoreDatabase } from './database.ts'
import { isRunning, processInstance } from './runProcess.ts'
import { nullable, numberAt, type Statement, textAt } from './statement.ts'

/** Folders that processes need although no version does. Each method works within a transaction of its caller. */
export class HeldFolders {
  readonly #hold: Statement
  readonly #release: Statement
  readonly #holders: Statement

  constructor(database: StoreDatabase) {
    this.#hold = database.prepare(
      'INSERT INTO held_folders (folder, holder, process, process_instance) VALUES (?, ?, ?, ?)',
    )
    this.#release = database.prepare('DELETE FROM held_folders WHERE holder = ?')
    this.#holders = database.prepare('SELECT folder, holder, process, process_instance FROM held_folders')
  }

  hold(folder: string, holder: string): void {
    this.#hold.run(folder, holder, process.pid, processInstance(process.pid) ?? null)
  }

  release(holder: string): void {
    this.#release.run(holder)
  }

  /** Those that living processes hold. What others held is forgotten. */
  held(): ReadonlySet<string> {
    const held = new Set<string>()
    for (const row of this.#holders.all()) {
      const instance = nullable(textAt, row, 3)
      const holder = instance === null ? {} : { processInstance: instance }
      if (isRunning({ state: 'running', process: numberAt(row, 2), ...holder })) held.add(textAt(row, 0))
      else this.#release.run(textAt(row, 1))
    }
    return held
  }
}
