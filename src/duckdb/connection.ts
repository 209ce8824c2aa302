import duckdb, { type Connection, type Database } from '@duckdb/node-bindings'
import type { EngineError } from '../base/errors.ts'
import type { CallCount } from './protocol.ts'

const settings = [
  // With DuckDB's own 1 MB a scan waits for its reader so often that a second core stays idle.
  "streaming_buffer_size = '32MB'",
  // In DuckDB 1.5.6 the first pushes a join's filter below ORDER BY … LIMIT and loses rows (duckdb/duckdb#22924); the second
  // reads the input of a window twice, which a stream cannot be, and makes the calls below it twice.
  "disabled_optimizers = 'join_filter_pushdown,window_self_join'",
] as const

/** Reports of one function that one statement keeps. */
const REPORTS_MAX = 1000

/** A connection of an engine thread, with what its running statement leaves behind for whoever reports its failure. */
export class EngineConnection {
  /** The number by which the engine's owner knows it. */
  readonly id: number
  readonly handle: Connection
  /** DuckDB's own number, by which a callback finds the connection that it works for. */
  readonly nativeId: number
  /** The error of a callback, which DuckDB would reduce to its text. */
  failure: EngineError | null = null
  /** Functions that its running statement computes in this thread. */
  fused: ReadonlySet<string> = new Set()
  /** Statements started so far: a result that still streams when it grows has been ended by DuckDB without a word. */
  statements = 0
  readonly #calls = new Map<string, CallCount>()

  private constructor(id: number, handle: Connection) {
    this.id = id
    this.handle = handle
    this.nativeId = duckdb.client_context_get_connection_id(duckdb.connection_get_client_context(handle))
  }

  static async open(id: number, database: Database): Promise<EngineConnection> {
    const handle = await duckdb.connect(database)
    for (const setting of settings) await duckdb.query(handle, `SET ${setting}`)
    return new EngineConnection(id, handle)
  }

  /** Begins the accounts of a new statement. */
  begin(fused: readonly string[]): void {
    this.failure = null
    this.fused = new Set(fused)
    this.statements++
    this.#calls.clear()
  }

  countCall(name: string, rows: number, milliseconds: number): void {
    const count = this.callsOf(name)
    this.#calls.set(name, {
      ...count,
      calls: count.calls + 1,
      rows: count.rows + rows,
      milliseconds: count.milliseconds + milliseconds,
    })
  }

  /** Keeps what a handler reports until its statement ends: the first of it, where it reports without end. */
  report(name: string, report: unknown): void {
    const count = this.callsOf(name)
    if (count.reports.length < REPORTS_MAX)
      this.#calls.set(name, { ...count, reports: [...count.reports, report] })
  }

  /** What its statement has called a function for, so far. */
  callsOf(name: string): CallCount {
    return this.#calls.get(name) ?? { function: name, calls: 0, rows: 0, milliseconds: 0, reports: [] }
  }

  /** What its statement has called in this thread. */
  get calls(): readonly CallCount[] {
    return [...this.#calls.values()]
  }

  interrupt(): void {
    duckdb.interrupt(this.handle)
  }

  close(): void {
    duckdb.disconnect_sync(this.handle)
  }
}
