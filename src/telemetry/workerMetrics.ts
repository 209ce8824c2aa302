import { type Counter, type Histogram, type Meter, metrics, type UpDownCounter } from '@opentelemetry/api'
import type { ErrorCode } from '../base/errorCodes.ts'
import { attribute } from './attributes.ts'

/** Bounds of buckets in seconds: from one row of an echo to long waits. */
const secondBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** How a call that a worker was asked for went. */
export interface ServedCall {
  readonly rows: number
  readonly milliseconds: number
  /** Null for one that succeeded. */
  readonly error: ErrorCode | null
}

/** Counts the calls that a worker answers, by function; `meter`: by default that of whoever watches the process. */
export class WorkerMetrics {
  readonly #calls: Counter
  readonly #rows: Counter
  readonly #errors: Counter
  readonly #inFlight: UpDownCounter
  readonly #waiting: UpDownCounter
  readonly #duration: Histogram

  constructor(meter: Meter = metrics.getMeter('callplane')) {
    this.#calls = meter.createCounter('callplane.worker.calls', { description: 'Calls that were answered' })
    this.#rows = meter.createCounter('callplane.worker.rows', { description: 'Rows of calls that succeeded' })
    this.#errors = meter.createCounter('callplane.worker.errors', { description: 'Calls that failed' })
    this.#inFlight = meter.createUpDownCounter('callplane.worker.in_flight', {
      description: 'Calls that are being answered',
    })
    this.#waiting = meter.createUpDownCounter('callplane.worker.waiting', {
      description: 'Calls that wait for a place',
    })
    this.#waiting.add(0)
    this.#duration = meter.createHistogram('callplane.worker.call.duration', {
      unit: 's',
      description: 'From the last byte of a request to the last of its answer',
      advice: { explicitBucketBoundaries: secondBounds },
    })
  }

  /** A call begins to wait for a place; call what this returns when it has one, or gives up. */
  wait(): () => void {
    this.#waiting.add(1)
    return () => this.#waiting.add(-1)
  }

  /** A call of a function begins; call what this returns with how it went. */
  begin(name: string): (served: ServedCall) => void {
    const of = { [attribute.function]: name }
    this.#inFlight.add(1, of)
    return ({ rows, milliseconds, error }) => {
      this.#inFlight.add(-1, of)
      this.#calls.add(1, of)
      if (error === null) this.#rows.add(rows, of)
      else this.#errors.add(1, { ...of, [attribute.error]: error })
      this.#duration.record(milliseconds / 1000, of)
    }
  }
}
