import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type Libsql from 'libsql'
import { messageOf } from '../../src/base/errors.ts'
import { prepareSchema } from './schema.ts'
import { numberAt, Statement } from './statement.ts'
import { isBusy, memoryPath, storeFailed, toStoreError } from './storeErrors.ts'

/** Milliseconds that another process may hold the lock before the store is said to have failed. */
const maxWait = 10_000
const maxPause = 10
/** Pages given back in one transaction, so that nobody waits for long. */
const pagesAtOnce = 2048

/**
 * A file that several processes read and write at once. Work on it is synchronous and short; waiting for another process is not,
 * so that this one's thread goes on meanwhile.
 */
export class StoreDatabase {
  readonly path: string
  readonly #database: Libsql.Database
  #closed = false

  private constructor(path: string, database: Libsql.Database) {
    this.path = path
    this.#database = database
  }

  /** Opens or makes the file, and the folder it lies in; `':memory:'` for none. */
  static async open(path: string): Promise<StoreDatabase> {
    const Database = await loadLibsql(path)
    // libsql would take 'https:' and 'file:' for addresses.
    const file = path === memoryPath ? path : resolve(path)
    makeFolder(file)
    const database = await whenFree(file, () => openFile(Database, file))
    try {
      await whenFree(file, () => prepareSchema(database, file))
      return new StoreDatabase(file, database)
    } catch (error) {
      database.close()
      throw error
    }
  }

  prepare(sql: string): Statement {
    return new Statement(this.#database, sql)
  }

  /** Reads one state of the file. */
  read<T>(work: () => T): Promise<T> {
    return this.#transact('BEGIN', work)
  }

  /**
   * Does the work alone in the file, all or nothing. It is handed the milliseconds that other processes kept it waiting, by which
   * any time that was read before is old.
   */
  write<T>(work: (waited: number) => T): Promise<T> {
    return this.#transact('BEGIN IMMEDIATE', work)
  }

  /** Gives free pages back to the file system, but for some that are soon needed again. */
  async shrink(): Promise<void> {
    for (;;) {
      const [free, kept] = await this.read(() => [
        this.#count('freelist_count'),
        this.#count('page_count') / 8,
      ])
      if (free <= kept) return
      const pages = Math.min(pagesAtOnce, Math.ceil(free - kept))
      await this.#whenFree(() => void this.#database.exec(`PRAGMA incremental_vacuum(${pages})`))
      await setImmediate()
    }
  }

  /** Brings everything into the one file, if nobody reads it, and closes it. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // Whoever opens the file next does it.
    }
    this.#database.close()
  }

  #count(pragma: string): number {
    return numberAt(this.prepare(`PRAGMA ${pragma}`).get() ?? [], 0)
  }

  #transact<T>(begin: string, work: (waited: number) => T): Promise<T> {
    return this.#whenFree((waited) => {
      // Not prepared: where the file is locked, libsql would leave the statement in progress, and no commit would succeed.
      this.#database.exec(begin)
      try {
        const result = work(waited)
        this.#database.exec('COMMIT')
        return result
      } catch (error) {
        // Some failures, such as a full disk, have ended the transaction already.
        if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    })
  }

  #whenFree<T>(work: (waited: number) => T): Promise<T> {
    return whenFree(this.path, (waited) => {
      if (this.#closed) throw storeFailed(this.path, 'is closed')
      return work(waited)
    })
  }
}

/** Does the work as soon as no other process is in its way. */
async function whenFree<T>(path: string, work: (waited: number) => T): Promise<T> {
  const started = performance.now()
  let waited = 0
  for (;;) {
    try {
      return work(waited)
    } catch (error) {
      if (!isBusy(error)) throw toStoreError(path, error)
      if (waited > maxWait) {
        const problem = `was locked by another process for ${Math.floor(maxWait / 1000)} seconds`
        throw storeFailed(path, problem, undefined, error)
      }
    }
    await setTimeout(1 + Math.random() * maxPause)
    // Never more than it was: a token that is taken too early is one too many.
    waited = Math.floor(performance.now() - started)
  }
}

async function loadLibsql(path: string): Promise<typeof Libsql> {
  try {
    return (await import('libsql')).default
  } catch (error) {
    throw storeFailed(
      path,
      `needs the package 'libsql', which does not load: ${messageOf(error)}`,
      undefined,
      error,
    )
  }
}

function makeFolder(path: string): void {
  if (path === memoryPath) return
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    throw storeFailed(path, `cannot be made: ${messageOf(error)}`, undefined, error)
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw storeFailed(path, 'is a folder', 'name a file in it')
  }
}

function openFile(Database: typeof Libsql, path: string): Libsql.Database {
  try {
    return new Database(path)
  } catch (error) {
    throw toStoreError(path, error)
  }
}
