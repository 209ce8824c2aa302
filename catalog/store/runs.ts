import { EngineError } from '../../src/base/errors.ts'
import type { StoreDatabase } from './database.ts'
import { isRunning, processInstance } from './runProcess.ts'
import { nullable, numberAt, type Row, type Statement, textAt } from './statement.ts'
import type { FunctionHistory, RunRecord, RunStore } from './stateStore.ts'

/** Runs and what they taught, in a file. */
export class LibsqlRuns implements RunStore {
  readonly #database: StoreDatabase
  readonly #put: Statement
  readonly #find: Statement
  readonly #list: Statement
  readonly #learn: Statement
  readonly #history: Statement

  constructor(database: StoreDatabase) {
    this.#database = database
    const values = columns.map(() => '?').join(', ')
    const changes = columns.map((column) => `${column} = excluded.${column}`).join(', ')
    this.#put = database.prepare(
      `INSERT INTO runs (${columns.join(', ')}) VALUES (${values}) ON CONFLICT (id) DO UPDATE SET ${changes}`,
    )
    this.#find = database.prepare(
      `SELECT ${read} FROM runs WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC, started DESC, number DESC LIMIT 1`,
    )
    this.#list = database.prepare(`SELECT ${read} FROM runs ORDER BY started DESC, number DESC LIMIT ?`)
    const sums = measures.map((measure) => `${measure} = ${measure} + excluded.${measure}`).join(', ')
    this.#learn = database.prepare(
      `INSERT INTO function_history (function, version, ${measures.join(', ')}) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (function, version) DO UPDATE SET ${sums}`,
    )
    this.#history = database.prepare(
      `SELECT ${measures.join(', ')} FROM function_history WHERE function = ? AND version = ?`,
    )
  }

  async put(run: RunRecord): Promise<void> {
    await this.#database.write(() => this.#store(run))
  }

  get(idOrName: string): Promise<RunRecord | null> {
    return this.#database.read(() => this.#get(idOrName))
  }

  claim(id: string): Promise<RunRecord> {
    return this.#database.write(() => {
      const run = this.#get(id)
      if (run === null) throw unknownRun(id)
      if (isRunning(run)) throw runningRun(run)
      const { processInstance: _, ...interrupted } = run
      this.#store({ ...interrupted, state: 'running', ended: null, error: null, process: process.pid })
      return this.#get(run.id) ?? run
    })
  }

  list(limit: number): Promise<readonly RunRecord[]> {
    return this.#database.read(() => this.#list.all(limit).map(runOf))
  }

  async learn(figures: readonly FunctionHistory[]): Promise<void> {
    await this.#database.write(() => {
      for (const { function: name, version, rows, calls, milliseconds, dollars } of figures) {
        this.#learn.run(name, version, rows, calls, milliseconds, dollars)
      }
    })
  }

  history(name: string, version: number): Promise<FunctionHistory | null> {
    return this.#database.read(() => {
      const row = this.#history.get(name, version)
      if (row === undefined) return null
      const [rows, calls, milliseconds, dollars] = [0, 1, 2, 3].map((column) => numberAt(row, column))
      return Object.freeze({
        function: name,
        version,
        rows: rows ?? 0,
        calls: calls ?? 0,
        milliseconds: milliseconds ?? 0,
        dollars: dollars ?? 0,
      })
    })
  }

  #get(idOrName: string): RunRecord | null {
    const row = this.#find.get(idOrName)
    return row === undefined ? null : runOf(row)
  }

  #store(run: RunRecord): void {
    const instance = run.processInstance ?? processInstance(run.process) ?? null
    this.#put.run(
      run.id,
      run.name,
      run.source,
      run.fingerprint,
      run.state,
      run.started,
      run.ended,
      run.rows,
      run.error,
      run.profile,
      run.process,
      instance,
    )
  }
}

const columns = [
  'id',
  'name',
  'source',
  'fingerprint',
  'state',
  'started',
  'ended',
  'rows',
  'error',
  'profile',
  'process',
  'process_instance',
] as const
const measures = ['rows', 'calls', 'milliseconds', 'dollars'] as const

/** Texts are read as bytes: libsql would end them at a zero. */
const texts: ReadonlySet<string> = new Set(['name', 'source', 'error', 'profile'])
const read = columns.map((column) => (texts.has(column) ? `CAST(${column} AS BLOB)` : column)).join(', ')

function runOf(row: Row): RunRecord {
  const instance = nullable(textAt, row, 11)
  return Object.freeze({
    id: textAt(row, 0),
    name: nullable(textAt, row, 1),
    source: textAt(row, 2),
    fingerprint: textAt(row, 3),
    state: stateOf(textAt(row, 4)),
    started: numberAt(row, 5),
    ended: nullable(numberAt, row, 6),
    rows: numberAt(row, 7),
    error: nullable(textAt, row, 8),
    profile: nullable(textAt, row, 9),
    process: numberAt(row, 10),
    ...(instance === null ? {} : { processInstance: instance }),
  })
}

function stateOf(text: string): RunRecord['state'] {
  switch (text) {
    case 'running':
    case 'done':
    case 'failed':
    case 'cancelled':
      return text
    default:
      throw new EngineError('STORE_FAILED', `the state store holds a run in an unknown state, '${text}'`)
  }
}

function unknownRun(id: string): EngineError {
  return new EngineError('RUN_INVALID', `there is no run '${id}'`, { hint: 'callplane runs lists them' })
}

function runningRun({ id, name, process: pid }: RunRecord): EngineError {
  const run = name === null ? `run '${id}'` : `run '${id}' ('${name}')`
  const where = pid === process.pid ? 'this process' : `process ${pid}`
  return new EngineError('RUN_INVALID', `${run} is still running, in ${where}`, {
    hint: 'wait for its end, or end that process',
  })
}
