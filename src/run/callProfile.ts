import type { Price } from '../../catalog/policy/policies.ts'
import type { FunctionHistory } from '../../catalog/store/stateStore.ts'
import type { CallEvent, CallObserver } from '../../udf/callEvents.ts'
import { type CountedCalls, FunctionFigures } from './profile/functionFigures.ts'
import { addTotals, type LoggedLine, type RunProfile, type RunTotals } from './profile/runProfile.ts'
import { TimelineRecorder } from './profile/timeline.ts'

const LOG_LINES_MAX = 200
const LOG_TEXT_MAX = 2000

export interface CalledFunction {
  readonly function: string
  readonly version: number
}

/** What a function's calls cost; null for one without a price. */
export type PriceOf = (called: CalledFunction) => Price | null

interface ProfiledFunction {
  readonly index: number
  readonly figures: FunctionFigures
}

/** Adds up what happens around the calls of a run: give it `observe`, take its JSON. Memory is bounded, whatever happens. */
export class CallProfiler {
  readonly #priceOf: PriceOf
  readonly #functions = new Map<string, ProfiledFunction>()
  readonly #timeline = new TimelineRecorder()
  #log: LoggedLine[] = []
  #logDropped = 0
  #started: number | null = null
  #ended: number | null = null

  constructor(priceOf: PriceOf = () => null) {
    this.#priceOf = priceOf
  }

  readonly observe: CallObserver = (called, event) => {
    const { figures, index } = this.#functionOf(called)
    switch (event.kind) {
      case 'called':
        figures.called(event)
        if (event.calls !== 0) this.#drawBatch(index, event)
        break
      case 'saved':
        figures.saved(event.by, event.rows)
        break
      case 'waited':
        figures.waited(event.for, event.milliseconds)
        break
      case 'retried':
        figures.retried()
        break
      case 'failed':
        figures.failed(event.rows, event.error)
        break
      case 'usage':
        figures.used(event.key, event.units)
        break
      case 'log':
        this.#addLine(called, event)
        break
      case 'span':
        break
    }
  }

  /** Adds calls of which only sums are known. */
  count(called: CalledFunction, counts: CountedCalls): void {
    this.#functionOf(called).figures.counted(counts)
  }

  /** Adds another part of the same run, such as the one before it was resumed. */
  merge(other: RunProfile): void {
    const places = other.functions.map((profile) => {
      const { figures, index } = this.#functionOf(profile)
      figures.merge(profile)
      return index
    })
    this.#timeline.merge(other.timeline, (index) => places[index]!)
    this.#log = [...other.log, ...this.#log]
    this.#logDropped += other.logDropped
    this.#dropLines()
    if (other.started !== null && other.ended !== null) this.#extend(other.started, other.ended)
  }

  /** Cheap enough to be asked for after every batch. */
  get totals(): RunTotals {
    return addTotals([...this.#functions.values()].map(({ figures }) => figures.totals))
  }

  /** Rows of the function that is furthest, called or not. */
  get furthestRows(): number {
    const rows = [...this.#functions.values()].map(
      ({ figures: { totals } }) => totals.rows + totals.savedRows,
    )
    return Math.max(0, ...rows)
  }

  toJSON(): RunProfile {
    return {
      started: this.#started,
      ended: this.#ended,
      functions: this.#profiles(),
      timeline: this.#timeline.toJSON(),
      log: [...this.#log],
      logDropped: this.#logDropped,
    }
  }

  #profiles(): RunProfile['functions'] {
    return [...this.#functions.values()].map(({ figures }) => figures.toJSON())
  }

  #functionOf({ function: name, version }: CalledFunction): ProfiledFunction {
    const key = `${version} ${name}`
    const known = this.#functions.get(key)
    if (known !== undefined) return known
    const figures = new FunctionFigures(name, version, this.#priceOf({ function: name, version }))
    const added = { index: this.#functions.size, figures }
    this.#functions.set(key, added)
    return added
  }

  #drawBatch(index: number, event: Extract<CallEvent, { kind: 'called' }>): void {
    const { batch, rows, attempt, started, milliseconds, error } = event
    this.#timeline.record({
      function: index,
      batch,
      rows,
      attempt,
      started,
      milliseconds,
      error: error?.code ?? null,
    })
    this.#extend(started, started + milliseconds)
  }

  #extend(started: number, ended: number): void {
    this.#started = Math.min(this.#started ?? started, started)
    this.#ended = Math.max(this.#ended ?? ended, ended)
  }

  #addLine(
    { function: name, version }: CalledFunction,
    { level, message, fields }: Extract<CallEvent, { kind: 'log' }>,
  ): void {
    this.#log.push({
      function: name,
      version,
      level,
      message: message.slice(0, LOG_TEXT_MAX),
      fields: Object.keys(fields).length === 0 ? null : JSON.stringify(fields).slice(0, LOG_TEXT_MAX),
    })
    this.#dropLines()
  }

  #dropLines(): void {
    const dropped = Math.max(0, this.#log.length - LOG_LINES_MAX)
    this.#log.splice(0, dropped)
    this.#logDropped += dropped
  }
}

/** What the run teaches about its functions. */
export function historyOf({ functions }: RunProfile): readonly FunctionHistory[] {
  return functions
    .filter(({ calls }) => calls > 0)
    .map(({ function: name, version, rows, calls, run, dollars }) => ({
      function: name,
      version,
      rows,
      calls,
      milliseconds: run.total,
      dollars,
    }))
}
