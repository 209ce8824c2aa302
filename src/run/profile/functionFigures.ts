import type { Price } from '../../../catalog/policy/policies.ts'
import type { CallEvent } from '../../../udf/callEvents.ts'
import type { ErrorCode } from '../../base/errorCodes.ts'
import type { EngineError } from '../../base/errors.ts'
import { priceOfCall, priceOfUnits } from './cost.ts'
import { DurationHistogram } from './distribution.ts'
import {
  type ErrorFigures,
  type FunctionProfile,
  type RunTotals,
  type SavedBy,
  savedBy,
  type UsageFigures,
  type WaitCause,
  waitCauses,
} from './runProfile.ts'

const USAGE_KEYS_MAX = 1000
const UNITS_MAX = 50
const MESSAGE_LENGTH_MAX = 1000
/** Where keys and units beyond those are counted. */
const others = 'others'

type Called = Extract<CallEvent, { kind: 'called' }>

/** Calls that were only counted, as those inside DuckDB are. */
export interface CountedCalls {
  readonly calls: number
  readonly rows: number
  readonly milliseconds: number
}

/** Adds up what happens around the calls of one function, in bounded memory. */
export class FunctionFigures {
  readonly #name: string
  readonly #version: number
  readonly #price: Price | null
  readonly #saved: Record<SavedBy, number> = { dedupe: 0, inFlight: 0, cache: 0, journal: 0 }
  readonly #run = new DurationHistogram()
  readonly #waits: Record<WaitCause, DurationHistogram> = {
    batch: new DurationHistogram(),
    rateLimit: new DurationHistogram(),
    concurrency: new DurationHistogram(),
    retry: new DurationHistogram(),
  }
  readonly #errors = new Map<ErrorCode, { attempts: number; rows: number; message: string }>()
  readonly #usage = new Map<string | null, Map<string, number>>()
  #rows = 0
  #calls = 0
  #sent = 0
  #capacity = 0
  #retries = 0
  #dollars = 0

  constructor(name: string, version: number, price: Price | null) {
    this.#name = name
    this.#version = version
    this.#price = price
  }

  called({ rows, capacity, milliseconds, error, ...event }: Called): void {
    const calls: number = event.calls ?? 1
    this.#sent += rows
    if (calls > 0) {
      this.#calls += calls
      this.#capacity += Math.max(capacity, rows)
      this.#run.record(milliseconds)
    }
    if (error === null) this.#rows += rows
    else this.#errorsOf(error).attempts += calls
    this.#dollars += priceOfCall(this.#price, { rows, calls, error })
  }

  counted({ calls, rows, milliseconds }: CountedCalls): void {
    if (calls === 0) return
    this.#calls += calls
    this.#rows += rows
    this.#sent += rows
    this.#capacity += rows
    this.#run.record(milliseconds / calls, calls)
    this.#dollars += priceOfCall(this.#price, { rows, calls, error: null })
  }

  saved(by: SavedBy, rows: number): void {
    this.#saved[by] += rows
  }

  waited(cause: WaitCause, milliseconds: number): void {
    this.#waits[cause].record(milliseconds)
  }

  retried(): void {
    this.#retries++
  }

  failed(rows: number, error: EngineError): void {
    this.#errorsOf(error).rows += rows
  }

  used(key: string | null, units: UsageFigures['units']): void {
    this.#addUnits(key, units)
    this.#dollars += priceOfUnits(this.#price, units)
  }

  merge(other: FunctionProfile): void {
    this.#rows += other.rows
    this.#calls += other.calls
    this.#sent += other.sent
    this.#capacity += other.capacity
    this.#retries += other.retries
    this.#dollars += other.dollars
    this.#run.merge(other.run)
    for (const by of savedBy) this.#saved[by] += other.saved[by]
    for (const cause of waitCauses) this.#waits[cause].merge(other.waits[cause])
    for (const { code, attempts, rows, message } of other.errors) {
      const known = this.#errors.get(code) ?? { attempts: 0, rows: 0, message }
      this.#errors.set(code, { attempts: known.attempts + attempts, rows: known.rows + rows, message })
    }
    for (const { key, units } of other.usage) this.#addUnits(key, units)
  }

  /** Cheap enough to be asked for after every batch. */
  get totals(): RunTotals {
    let failedRows = 0
    for (const { rows } of this.#errors.values()) failedRows += rows
    return {
      rows: this.#rows,
      calls: this.#calls,
      savedRows: savedBy.reduce((sum, by) => sum + this.#saved[by], 0),
      retries: this.#retries,
      failedRows,
      dollars: this.#dollars,
    }
  }

  toJSON(): FunctionProfile {
    const { batch, rateLimit, concurrency, retry } = this.#waits
    return {
      function: this.#name,
      version: this.#version,
      rows: this.#rows,
      calls: this.#calls,
      saved: { ...this.#saved },
      sent: this.#sent,
      capacity: this.#capacity,
      run: this.#run.toJSON(),
      waits: {
        batch: batch.toJSON(),
        rateLimit: rateLimit.toJSON(),
        concurrency: concurrency.toJSON(),
        retry: retry.toJSON(),
      },
      retries: this.#retries,
      errors: [...this.#errors]
        .map(([code, figures]): ErrorFigures => ({ code, ...figures }))
        .toSorted((a, b) => (a.code < b.code ? -1 : 1)),
      usage: [...this.#usage].map(([key, units]) => ({ key, units: Object.fromEntries(units) })),
      dollars: this.#dollars,
    }
  }

  #errorsOf({ code, message }: EngineError): { attempts: number; rows: number } {
    const figures = this.#errors.get(code) ?? { attempts: 0, rows: 0, message: '' }
    figures.message = message.slice(0, MESSAGE_LENGTH_MAX)
    this.#errors.set(code, figures)
    return figures
  }

  #addUnits(key: string | null, units: UsageFigures['units']): void {
    const place = this.#usage.has(key) || this.#usage.size < USAGE_KEYS_MAX ? key : others
    const known = this.#usage.get(place) ?? new Map<string, number>()
    this.#usage.set(place, known)
    for (const [unit, amount] of Object.entries(units)) {
      const counted = known.has(unit) || known.size < UNITS_MAX ? unit : others
      known.set(counted, (known.get(counted) ?? 0) + amount)
    }
  }
}
