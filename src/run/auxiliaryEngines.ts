import type { FunctionSignature } from '../../catalog/function.ts'
import { EngineError } from '../base/errors.ts'
import { Engine } from '../duckdb/engine.ts'
import { runToEnd } from '../duckdb/runToEnd.ts'
import { serveBridge } from './bridge.ts'
import type { InvokeCall } from './invokeCall.ts'
import type { QueryRun } from './queryRun.ts'

/** An engine with a database of its own, lent to one statement at a time because its callbacks may sleep. */
export interface AuxiliaryEngine {
  readonly engine: Engine
  readonly connection: number
}

export interface AuxiliaryOptions {
  readonly threadUrl: URL
  readonly config: Readonly<Record<string, string>>
  /** What an engine that starts now must know; it only grows. */
  functions(): readonly FunctionSignature[]
  readonly invoke: InvokeCall
}

/** Statements after which an engine is replaced: the relations that it has read stay registered in it. */
const MAX_LEASES = 1000

/** Engines beside the session's own, for statements that read nothing of the session: kept warm between queries. */
export class AuxiliaryEngines {
  readonly #options: AuxiliaryOptions
  readonly #idle: AuxiliaryEngine[] = []
  readonly #leases = new Map<AuxiliaryEngine, number>()
  readonly #queries = new Map<AuxiliaryEngine, Map<number, QueryRun>>()
  readonly #opening = new Set<Engine>()
  #isClosed = false

  constructor(options: AuxiliaryOptions) {
    this.#options = options
  }

  /** `threads` is how many DuckDB may use in it. */
  async lease(threads: number, query: QueryRun): Promise<AuxiliaryEngine> {
    if (this.#isClosed) throw new EngineError('CANCELLED', 'the engines are closed')
    const auxiliary = this.#idle.pop() ?? (await this.#open())
    this.#leases.set(auxiliary, (this.#leases.get(auxiliary) ?? 0) + 1)
    this.#queries.get(auxiliary)!.set(auxiliary.connection, query)
    await runToEnd(auxiliary.engine, auxiliary.connection, `SET threads = ${threads}`)
    return auxiliary
  }

  async release(auxiliary: AuxiliaryEngine): Promise<void> {
    if (auxiliary.engine.isLost || this.#leases.get(auxiliary)! >= MAX_LEASES) return this.#discard(auxiliary)
    this.#queries.get(auxiliary)!.clear()
    this.#idle.push(auxiliary)
  }

  /** Adds a function to the engines that run. */
  async register(signature: FunctionSignature): Promise<void> {
    const running = [...this.#leases.keys()].filter(({ engine }) => !engine.isLost)
    await Promise.all(running.map(async ({ engine }) => engine.register(signature)))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([
      ...[...this.#leases.keys()].map((auxiliary) => this.#discard(auxiliary)),
      ...[...this.#opening].map((engine) => engine.close()),
    ])
  }

  async #open(): Promise<AuxiliaryEngine> {
    const { threadUrl, config, invoke } = this.#options
    const functions = this.#options.functions()
    const engine = new Engine(threadUrl, { database: ':memory:', config, functions })
    const queries = new Map<number, QueryRun>()
    this.#opening.add(engine)
    serveBridge(engine, { invoke, queries })
    const auxiliary = { engine, connection: await engine.connect() }
    // What was added while it started.
    for (const signature of this.#options.functions().slice(functions.length))
      await engine.register(signature)
    this.#opening.delete(engine)
    this.#queries.set(auxiliary, queries)
    this.#leases.set(auxiliary, 0)
    return auxiliary
  }

  async #discard(auxiliary: AuxiliaryEngine): Promise<void> {
    this.#leases.delete(auxiliary)
    this.#queries.delete(auxiliary)
    const at = this.#idle.indexOf(auxiliary)
    if (at >= 0) this.#idle.splice(at, 1)
    await auxiliary.engine.close()
  }
}
