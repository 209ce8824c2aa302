import { setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { Batch } from '../arrow/column.ts'
import { transferables } from '../arrow/column.ts'
import { Changes } from '../base/changes.ts'
import type { Schema } from '../base/dataType.ts'
import { decodeError, EngineError, isEngineError } from '../base/errors.ts'
import { InputFeed } from './inputFeed.ts'
import type {
  Answers,
  CallCount,
  EngineThreadData,
  FromEngine,
  InputSpec,
  Request,
  StartStatement,
  Steering,
} from './protocol.ts'
import { RunningStatement } from './runningStatement.ts'
import { wakeSleepers } from './sleep.ts'

export interface EngineOptions {
  readonly database: string
  readonly config: Readonly<Record<string, string>>
  readonly functions: readonly FunctionSignature[]
}

interface Pending {
  readonly resolve: (value: Answers[keyof Answers]) => void
  readonly reject: (error: EngineError) => void
}

/** A statement without what the engine fills in itself. */
export type Statement = Omit<StartStatement, 'credits'>

/** On whose behalf a statement runs. */
export interface StatementOwner {
  /** Ends the statement. */
  readonly signal: AbortSignal
  /** Whether calls are counted before they are made: then none is made in the engine's thread, all go over the bridge. */
  readonly countsCalls: boolean
  /** Is told at the end what was called in the engine's thread. */
  record(calls: readonly CallCount[]): void
}

const nobody: StatementOwner = {
  signal: new AbortController().signal,
  countsCalls: false,
  record: () => {},
}
// Any number of statements may run for nobody at once.
setMaxListeners(0, nobody.signal)

const CREDITS = 4

/** How long closing waits for a thread that goes on computing; it closes its database when it has done that. */
const CLOSE_MS_MAX = 500

/** One DuckDB in a thread of its own, as its owner sees it. */
export class Engine {
  /** Carries BridgeRequests; whoever answers them calls `wake()` after each reply. */
  readonly bridge: MessagePort
  readonly #worker: Worker
  readonly #wake = new Int32Array(new SharedArrayBuffer(4))
  readonly #pending = new Map<number, Pending>()
  readonly #statements = new Map<number, RunningStatement>()
  readonly #changes = new Changes()
  #nextId = 0
  #lost: EngineError | null = null
  #closing: Promise<void> | null = null

  constructor(threadUrl: URL, options: EngineOptions) {
    const { port1, port2 } = new MessageChannel()
    this.bridge = port1
    const workerData: EngineThreadData = { ...options, wake: this.#wake.buffer, bridge: port2 }
    this.#worker = new Worker(threadUrl, { workerData, transferList: [port2] })
    this.#worker.on('message', (message: FromEngine) => this.#receive(message))
    this.#worker.on('error', (error) => this.#fail(`the engine thread failed: ${error.message}`))
    this.#worker.on('exit', (code) => this.#fail(`the engine thread ended with code ${code}`))
    this.#worker.unref()
    port1.unref()
  }

  /** Whether its thread has ended. */
  get isLost(): boolean {
    return this.#lost !== null
  }

  /** Opens a connection and answers its number. */
  async connect(): Promise<number> {
    return this.#ask<'connect'>({ kind: 'connect' })
  }

  async disconnect(connection: number): Promise<void> {
    await this.#ask<'disconnect'>({ kind: 'disconnect', connection })
  }

  /** Adds a catalog function to those that it was opened with; no other may have had its name. */
  async register(signature: FunctionSignature): Promise<void> {
    await this.#ask<'register'>({ kind: 'register', signature })
  }

  async countStatements(sql: string): Promise<number> {
    return this.#ask<'countStatements'>({ kind: 'countStatements', sql })
  }

  /** Runs a statement; its rows come as they are read. */
  async start(statement: Statement, owner: StatementOwner = nobody): Promise<RunningStatement> {
    if (owner.signal.aborted) throw new EngineError('CANCELLED', 'the query was cancelled before it began')
    const id = this.#nextId
    const stop = (): void => this.#steer(id, { kind: 'stop' })
    const running = new RunningStatement(
      (steering) => this.#steer(id, steering),
      (calls) => {
        owner.signal.removeEventListener('abort', stop)
        owner.record(calls)
      },
    )
    owner.signal.addEventListener('abort', stop)
    this.#statements.set(id, running)
    try {
      const fused = owner.countsCalls ? [] : statement.fused
      const request: Request & { readonly kind: 'start' } = {
        kind: 'start',
        ...statement,
        fused,
        bridges: statement.bridges === true || fused !== statement.fused,
        credits: CREDITS,
      }
      running.begin(
        await this.#ask(
          request,
          statement.inputs.map(({ port }) => port),
        ),
      )
      return running
    } catch (error) {
      owner.signal.removeEventListener('abort', stop)
      this.#statements.delete(id)
      this.#changes.notify()
      throw error
    }
  }

  /** A relation that a statement on this engine can read; `feed` gives it rows. */
  input(name: string, schema: Schema): { readonly spec: InputSpec; readonly feed: InputFeed } {
    const { port1, port2 } = new MessageChannel()
    return { spec: { name, schema, port: port2 }, feed: new InputFeed(port1, () => this.wake()) }
  }

  /** Adds rows to a table of the scratch catalog. */
  async append(table: string, schema: Schema, batch: Batch): Promise<void> {
    await this.#ask<'append'>({ kind: 'append', table, schema, batch }, transferables(batch.columns))
  }

  /** Flushes what was appended to a table and answers its number of rows. */
  async closeAppender(table: string): Promise<number> {
    return this.#ask<'closeAppender'>({ kind: 'closeAppender', table })
  }

  /** Wakes callbacks that sleep until a message is there. */
  wake(): void {
    wakeSleepers(this.#wake)
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end()
    await this.#closing
  }

  async #end(): Promise<void> {
    const ended = this.#endThread()
    await Promise.race([ended, setTimeout(CLOSE_MS_MAX, undefined, { ref: false })])
    for (const statement of this.#statements.values()) statement.fail(isClosed())
    for (const pending of this.#pending.values()) pending.reject(isClosed())
    this.#worker.unref()
  }

  /** Ends the thread when DuckDB is closed: one that ends while DuckDB works for it takes the process with it. */
  async #endThread(): Promise<void> {
    try {
      for (const id of this.#statements.keys()) this.#steer(id, { kind: 'stop' })
      await this.#changes.until(() => this.#isIdle)
      await this.#request({ kind: 'close' })
    } catch (error) {
      if (!isEngineError(error)) throw error
    }
    this.bridge.close()
    await this.#worker.terminate()
  }

  get #isIdle(): boolean {
    return this.#pending.size === 0 && this.#statements.size === 0
  }

  #ask<Kind extends Request['kind'] & keyof Answers>(
    request: Request & { readonly kind: Kind },
    transfer: readonly (ArrayBuffer | MessagePort)[] = [],
  ): Promise<Answers[Kind]> {
    return this.#closing === null ? this.#request<Kind>(request, transfer) : Promise.reject(isClosed())
  }

  #request<Kind extends Request['kind'] & keyof Answers>(
    request: Request & { readonly kind: Kind },
    transfer: readonly (ArrayBuffer | MessagePort)[] = [],
  ): Promise<Answers[Kind]> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject })
      if (this.#pending.size === 1) this.#worker.ref()
      this.#worker.postMessage({ id, request }, [...transfer])
    })
  }

  #steer(stream: number, steering: Pick<Steering, 'kind'> & { readonly batches?: number }): void {
    if (this.#lost === null) this.#worker.postMessage({ steering: { stream, ...steering } })
  }

  #receive(message: FromEngine): void {
    if ('stream' in message) {
      const statement = this.#statements.get(message.stream)
      if (!('batch' in message.event)) this.#statements.delete(message.stream)
      statement?.receive(message.event)
    } else {
      const pending = this.#pending.get(message.id)
      this.#pending.delete(message.id)
      if ('error' in message) pending?.reject(decodeError(message.error))
      else pending?.resolve(message.value)
    }
    // An idle engine does not keep the process alive; one with work does.
    if (this.#isIdle) this.#worker.unref()
    this.#changes.notify()
  }

  #fail(message: string): void {
    this.#lost ??= new EngineError('WORKER_LOST', message)
    for (const pending of this.#pending.values()) pending.reject(this.#lost)
    for (const statement of this.#statements.values()) statement.fail(this.#lost)
    this.#pending.clear()
    this.#statements.clear()
    this.#changes.notify()
  }
}

const isClosed = (): EngineError => new EngineError('CANCELLED', 'the engine is closed')
