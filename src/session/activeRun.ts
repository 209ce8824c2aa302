import { createHash, randomBytes } from 'node:crypto'
import type { RunRecord } from '../../catalog/store/stateStore.ts'
import { EngineError, isEngineError, messageOf } from '../base/errors.ts'
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
}

/** A run that is recorded: its queries keep each result in its journal, so that it can go on after whatever ends it. */
export class ActiveRun {
  readonly journal: RunJournal
  readonly #state: SessionState
  readonly #profiler = new CallProfiler()
  #record: RunRecord
  #rows = 0

  private constructor(state: SessionState, record: RunRecord) {
    this.#state = state
    this.#record = record
    let queries = 0
    this.journal = { run: record.id, nextQuery: () => queries++ }
    if (record.profile !== null) this.#profiler.merge(JSON.parse(record.profile) as RunProfile)
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
    return new ActiveRun(state, record)
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
    return new ActiveRun(state, await state.runs.claim(found.id))
  }

  get id(): string {
    return this.#record.id
  }

  /** Adds what a query did. */
  add(profile: RunProfile): void {
    this.#profiler.merge(profile)
  }

  /** Counts rows that were written. */
  addRows(rows: number): void {
    this.#rows += rows
  }

  /** Records how the run ended; `failure` is what it threw. What it kept goes when it is done. */
  async end(failure: unknown = null): Promise<void> {
    const profile = this.#profiler.toJSON()
    this.#record = {
      ...this.#record,
      state: failure === null ? 'done' : isCancelled(failure) ? 'cancelled' : 'failed',
      ended: Date.now(),
      rows: this.#rows,
      error: failure === null ? null : messageOf(failure),
      profile: JSON.stringify(profile),
    }
    await this.#state.runs.put(this.#record)
    await this.#state.runs.learn(historyOf(profile))
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
