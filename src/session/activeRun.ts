import { createHash, randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunRecord } from '../../catalog/store/stateStore.ts'
import { EngineError, isEngineError, messageOf } from '../base/errors.ts'
import { type Budget, newLedger, type SharedBudget } from '../run/callBudget.ts'
import { CallProfiler, historyOf } from '../run/callProfile.ts'
import type { RunProfile } from '../run/profile/runProfile.ts'
import type { RunJournal } from '../run/queryRun.ts'
import type { SessionState } from './sessionState.ts'

export interface RunStart {
  /** By which it can be resumed and found; null for its id alone. */
  readonly name: string | null
  /** What is run: a statement, or the path of a script. */
  readonly source: string
  /** What a resumed run must have in common with the first attempt, besides the source. */
  readonly fingerprint: string
  /** Goes on with the last run of the name, or with the run of this id. */
  readonly resume: boolean
  /** What the calls of all its queries may cost together. */
  readonly budget?: Budget
}

/** A run that is recorded: its queries keep each result in its journal, so that it can go on after whatever ends it. */
export class ActiveRun {
  readonly journal: RunJournal
  /** Null for one that may cost whatever it takes. */
  readonly budget: SharedBudget | null
  readonly #state: SessionState
  /** Of this attempt; that of those before it stands in the record. */
  readonly #profiler = new CallProfiler()
  #record: RunRecord
  #rows = 0
  #failedRows = 0

  private constructor(state: SessionState, record: RunRecord, budget: Budget | undefined) {
    this.#state = state
    this.#record = record
    let queries = 0
    this.journal = { run: record.id, nextQuery: () => queries++ }
    this.budget = budget === undefined ? null : { budget, ledger: newLedger() }
  }

  /** Records a run as begun. Throws RUN_INVALID if a run cannot be resumed. */
  static async start(state: SessionState, start: RunStart): Promise<ActiveRun> {
    if (start.resume) return ActiveRun.#resume(state, start)
    const record: RunRecord = {
      id: newRunId(),
      name: start.name,
      source: start.source,
      fingerprint: fingerprintOf(start),
      state: 'running',
      started: Date.now(),
      ended: null,
      rows: 0,
      error: null,
      profile: null,
      process: process.pid,
    }
    await state.runs.put(record)
    return new ActiveRun(state, record, start.budget)
  }

  static async #resume(state: SessionState, start: RunStart): Promise<ActiveRun> {
    const asked = start.name ?? ''
    const found = await state.runs.get(asked)
    if (found === null) {
      throw new EngineError('RUN_INVALID', `there is no run '${asked}' to resume`, {
        hint: 'callplane runs lists those that there are; leave --resume out to begin one',
      })
    }
    if (found.state === 'done') {
      throw new EngineError('RUN_INVALID', `run '${asked}' is done: there is nothing to resume`, {
        hint: 'leave --resume out to run it again, or call its dead letters again with callplane retry',
      })
    }
    if (found.fingerprint !== fingerprintOf(start)) {
      throw new EngineError(
        'RUN_INVALID',
        `run '${asked}' was of something else: ${firstLine(found.source)}`,
        {
          hint: 'a run is resumed with what it began with; leave --resume out to begin anew',
        },
      )
    }
    const record = await state.runs.claim(found.id)
    // Rows that failed are not kept as done: they are called again, and fail again or not.
    if (state.directory !== null) {
      await rm(join(state.runDirectory(record.id), 'dead-letters'), { recursive: true, force: true })
    }
    return new ActiveRun(state, record, start.budget)
  }

  get id(): string {
    return this.#record.id
  }

  get name(): string | null {
    return this.#record.name
  }

  /** What was measured so far, in the attempts before this one too. */
  get profile(): RunProfile {
    const whole = new CallProfiler()
    if (this.#record.profile !== null) {
      const before: RunProfile = JSON.parse(this.#record.profile)
      whole.merge(before)
    }
    whole.merge(this.#profiler.toJSON())
    return whole.toJSON()
  }

  /** Rows of this attempt that failed for good without failing their query. */
  get failedRows(): number {
    return this.#failedRows
  }

  /** Adds what a query did. */
  add({ profile, failedRows }: { readonly profile: RunProfile; readonly failedRows: number }): void {
    this.#profiler.merge(profile)
    this.#failedRows += failedRows
  }

  /** Counts rows that were written. */
  addRows(rows: number): void {
    this.#rows += rows
  }

  /** Records how the run ended; `failure` is what it threw. What it kept goes when it is done. */
  async end(failure: unknown = null): Promise<void> {
    const learned = historyOf(this.#profiler.toJSON())
    await this.#state.runs.put({
      ...this.#record,
      state: failure === null ? 'done' : isCancelled(failure) ? 'cancelled' : 'failed',
      ended: Date.now(),
      rows: this.#rows,
      error: failure === null ? null : messageOf(failure),
      profile: JSON.stringify(this.profile),
    })
    await this.#state.runs.learn(learned)
    if (failure === null) await this.#state.results.forgetRun(this.id)
  }
}

/** Sorts by time; no two are the same. */
export function newRunId(): string {
  const time = new Date()
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z$/g, '')
    .replace('T', '-')
  return `${time}-${randomBytes(3).toString('hex')}`
}

function fingerprintOf({ source, fingerprint }: RunStart): string {
  return createHash('sha256')
    .update(JSON.stringify([source, fingerprint]))
    .digest('hex')
}

function isCancelled(failure: unknown): boolean {
  return isEngineError(failure) && failure.code === 'CANCELLED'
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}
