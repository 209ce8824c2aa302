import { EngineError } from '../base/errors.ts'
import type { Engine } from '../duckdb/engine.ts'
import type { QueryRun } from './queryRun.ts'

/** A connection to run one statement on, given back when its rows have been read. */
export interface ConnectionLease {
  readonly connection: number
  release(): void
}

/**
 * The session's connections. DuckDB silently ends a result when another statement starts on its connection, so each result
 * that streams has a connection to itself. A session with state that lives in one connection (a transaction, a temporary
 * table, a setting, a prepared statement) runs everything on its main one.
 */
export class SessionConnections {
  readonly #engine: Engine
  readonly #queries: Map<number, QueryRun>
  readonly #idle: number[] = []
  #main: Promise<number> | null = null
  #resultIsRead = false
  #queue: Promise<void> = Promise.resolve()
  #pinned = false

  constructor(engine: Engine, queries: Map<number, QueryRun>) {
    this.#engine = engine
    this.#queries = queries
  }

  /** Whether the session has state that only its main connection sees. */
  get isPinned(): boolean {
    return this.#pinned
  }

  pin(): void {
    this.#pinned = true
  }

  /** For a result that is read while other statements may run. */
  async leaseForResult(query: QueryRun): Promise<ConnectionLease> {
    if (this.#pinned) return this.#leaseMain('result', query)
    const connection = this.#idle.pop() ?? (await this.#engine.connect())
    this.#queries.set(connection, query)
    return {
      connection,
      release: () => {
        this.#queries.delete(connection)
        this.#idle.push(connection)
      },
    }
  }

  /** For a statement that is run to its end at once; such statements take turns. */
  async leaseForStatement(query: QueryRun): Promise<ConnectionLease> {
    return this.#leaseMain('statement', query)
  }

  async #leaseMain(user: 'statement' | 'result', query: QueryRun): Promise<ConnectionLease> {
    if (this.#resultIsRead) {
      throw new EngineError('SESSION_BUSY', 'a result of this session is still being read', {
        hint: 'read it to its end or close it first: the session has a transaction, temporary table or setting that ties it to one connection',
      })
    }
    const before = this.#queue
    let free: (() => void) | undefined
    this.#queue = new Promise((resolve) => (free = resolve))
    this.#resultIsRead = user === 'result'
    const release = (): void => {
      this.#resultIsRead = false
      free?.()
    }
    try {
      await before
      this.#main ??= this.#engine.connect()
      const connection = await this.#main
      this.#queries.set(connection, query)
      return { connection, release }
    } catch (error) {
      release()
      throw error
    }
  }
}
