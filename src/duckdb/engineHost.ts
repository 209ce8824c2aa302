import type { MessagePort } from 'node:worker_threads'
import duckdb, {
  type Connection,
  type Database,
  type PreparedStatement,
  type Result,
} from '@duckdb/node-bindings'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { Batch } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'
import { EngineError, encodeError } from '../base/errors.ts'
import { TableAppender } from './appender.ts'
import { EngineConnection } from './connection.ts'
import { fromDuckDBError } from './duckdbError.ts'
import type { Answers, FromEngine, Request, StartStatement, Steering, ToEngine } from './protocol.ts'
import { registerInput } from './relationInput.ts'
import { StatementStream } from './statementStream.ts'
import { Turns } from './turns.ts'

/** The connection of DuckDB's number. */
export type ConnectionOf = (nativeId: number) => EngineConnection

/** What the thread knows about catalog functions. */
export interface FunctionHost {
  /** Lets SQL call what is known from the start. */
  registerAll(control: EngineConnection, connectionOf: ConnectionOf): Promise<void>
  /** Adds one. */
  register(signature: FunctionSignature, control: EngineConnection, connectionOf: ConnectionOf): Promise<void>
  /** Makes functions ready to be called without awaiting. */
  load(names: readonly string[]): Promise<void>
}

/** A statement that runs; it has no stream before its first rows can be read. */
interface RunningStream {
  stream: StatementStream | null
  readonly connection: EngineConnection
  stopped: boolean
}

/** Number of the connection that registers functions; no statement runs on it. */
const CONTROL = -1

/** The thread's side of an engine: owns one DuckDB and answers the requests of protocol.ts. */
export class EngineHost {
  readonly #port: MessagePort
  readonly #wake: Int32Array
  readonly #database: Database
  readonly #control: EngineConnection
  readonly #functions: FunctionHost
  readonly #connections = new Map<number, EngineConnection>()
  readonly #byNativeId = new Map<number, EngineConnection>()
  readonly #streams = new Map<number, RunningStream>()
  readonly #turns = new Turns()
  readonly #appenders = new Map<string, Promise<TableAppender>>()
  #nextConnection = 0

  private constructor(owned: {
    readonly port: MessagePort
    readonly wake: Int32Array
    readonly database: Database
    readonly control: EngineConnection
    readonly functions: FunctionHost
  }) {
    this.#port = owned.port
    this.#wake = owned.wake
    this.#database = owned.database
    this.#control = owned.control
    this.#functions = owned.functions
    this.#byNativeId.set(owned.control.nativeId, owned.control)
  }

  static async open(
    port: MessagePort,
    wake: Int32Array,
    database: { readonly path: string; readonly config: Readonly<Record<string, string>> },
    functions: FunctionHost,
  ): Promise<EngineHost> {
    const handle = await openDatabase(database.path, database.config)
    const host = new EngineHost({
      port,
      wake,
      database: handle,
      control: await EngineConnection.open(CONTROL, handle),
      functions,
    })
    await functions.registerAll(host.#control, (nativeId) => host.#connectionOf(nativeId))
    port.on('message', (message: ToEngine) => host.#receive(message))
    return host
  }

  #connectionOf(nativeId: number): EngineConnection {
    const connection = this.#byNativeId.get(nativeId)
    if (connection === undefined)
      throw new EngineError('INTERNAL', `no connection has DuckDB's number ${nativeId}`)
    return connection
  }

  #receive(message: ToEngine): void {
    if ('steering' in message) return this.#steer(message.steering)
    const { id, request } = message
    this.#answer(id, request).then(
      (value) => this.#post({ id, value }),
      (error: unknown) => this.#post({ id, error: encodeError(fromDuckDBError(error)) }),
    )
  }

  #steer(steering: Steering): void {
    const running = this.#streams.get(steering.stream)
    if (running === undefined) return
    if (steering.kind === 'credit') return running.stream?.credit(steering.batches)
    running.stopped = true
    running.stream?.stop()
    running.connection.interrupt()
  }

  #post(message: FromEngine, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer)
  }

  async #answer(id: number, request: Request): Promise<Answers[keyof Answers]> {
    switch (request.kind) {
      case 'connect':
        return this.#connect()
      case 'disconnect':
        return this.#disconnect(request.connection)
      case 'register':
        return this.#register(request.signature)
      case 'countStatements':
        return countStatements(this.#control.handle, request.sql)
      case 'start':
        return this.#start(id, request)
      case 'append':
        return this.#append(request.table, request.schema, request.batch)
      case 'closeAppender':
        return this.#closeAppender(request.table)
      case 'close':
        return this.#close()
    }
  }

  async #register(signature: FunctionSignature): Promise<null> {
    await this.#functions.register(signature, this.#control, (nativeId) => this.#connectionOf(nativeId))
    return null
  }

  async #connect(): Promise<number> {
    const id = this.#nextConnection++
    const connection = await EngineConnection.open(id, this.#database)
    this.#connections.set(id, connection)
    this.#byNativeId.set(connection.nativeId, connection)
    return id
  }

  #disconnect(id: number): null {
    const connection = this.#connection(id)
    this.#connections.delete(id)
    this.#byNativeId.delete(connection.nativeId)
    connection.close()
    return null
  }

  #connection(id: number): EngineConnection {
    const connection = this.#connections.get(id)
    if (connection === undefined) throw new EngineError('INTERNAL', `connection ${id} is closed`)
    return connection
  }

  async #start(id: number, request: StartStatement): Promise<Answers['start']> {
    const connection = this.#connection(request.connection)
    connection.begin(request.fused)
    const running: RunningStream = { stream: null, connection, stopped: false }
    // Only one callback at a time can sleep in this thread, and each statement that waits for that holds a thread of libuv's pool.
    const turns = request.bridges === true ? this.#turns : null
    this.#streams.set(id, running)
    try {
      await this.#functions.load(request.fused)
      for (const input of request.inputs) registerInput(connection.handle, connection, input, this.#wake)
      const prepared = await prepareLast(connection.handle, request.sql)
      const execute = async (): Promise<Result> => {
        if (running.stopped) throw new EngineError('CANCELLED', 'the query was cancelled before it began')
        return duckdb.execute_prepared_streaming(prepared)
      }
      const result = await (turns === null ? execute() : turns.take(execute)).finally(() =>
        duckdb.destroy_prepare_sync(prepared),
      )
      const stream = new StatementStream({ result, connection, turns }, request)
      running.stream = stream
      if (running.stopped) stream.stop()
      // The answer must go out before the first batch, so the rows begin in a later turn.
      setImmediate(() => {
        void stream
          .send((event, transfer) => this.#post({ stream: id, event }, transfer))
          .finally(() => this.#finish(id, request))
      })
      return { schema: stream.schema, answers: stream.answers }
    } catch (error) {
      this.#finish(id, request)
      throw connection.failure ?? fromDuckDBError(error)
    }
  }

  #finish(id: number, request: StartStatement): void {
    this.#streams.delete(id)
    for (const { port } of request.inputs) port.close()
  }

  async #append(table: string, schema: Schema, batch: Batch): Promise<null> {
    let appender = this.#appenders.get(table)
    if (appender === undefined) {
      appender = TableAppender.open(this.#database, table, schema)
      this.#appenders.set(table, appender)
    }
    ;(await appender).append(batch)
    return null
  }

  async #closeAppender(table: string): Promise<number> {
    const appender = await this.#appenders.get(table)
    this.#appenders.delete(table)
    return appender === undefined ? 0 : appender.close()
  }

  async #close(): Promise<null> {
    for (const appender of this.#appenders.values()) (await appender).close()
    for (const connection of this.#connections.values()) connection.close()
    this.#control.close()
    duckdb.close_sync(this.#database)
    return null
  }
}

/** A text that DuckDB cannot parse has no statements and an error, which is thrown. */
async function countStatements(connection: Connection, sql: string): Promise<number> {
  const { extracted_statements: statements, statement_count: count } = await duckdb.extract_statements(
    connection,
    sql,
  )
  const problem = count === 0 ? duckdb.extract_statements_error(statements) : ''
  if (problem !== '') throw new Error(problem)
  return count
}

/** DuckDB makes several statements of some, such as PIVOT, whose columns it has to find out first: those before the last are run. */
async function prepareLast(connection: Connection, sql: string): Promise<PreparedStatement> {
  const { extracted_statements: statements, statement_count: count } = await duckdb.extract_statements(
    connection,
    sql,
  )
  if (count < 2) return duckdb.prepare(connection, sql)
  for (let index = 0; index < count - 1; index++) {
    const prepared = await duckdb.prepare_extracted_statement(connection, statements, index)
    await duckdb.execute_prepared(prepared).finally(() => duckdb.destroy_prepare_sync(prepared))
  }
  return duckdb.prepare_extracted_statement(connection, statements, count - 1)
}

async function openDatabase(path: string, settings: Readonly<Record<string, string>>): Promise<Database> {
  const config = duckdb.create_config()
  for (const [name, value] of Object.entries(settings)) duckdb.set_config(config, name, value)
  return duckdb.open(path, config)
}
