import { type Attributes, type Counter, type Histogram, type Meter, metrics } from '@opentelemetry/api'
import type { CallEvent, CallObserver } from '../../udf/callEvents.ts'
import type { CalledFunction, PriceOf } from '../run/callProfile.ts'
import { priceOfCall, priceOfUnits } from '../run/profile/cost.ts'
import { attribute } from './attributes.ts'

/** Bounds of buckets in seconds: from calls inside the process to long waits. */
const secondBounds = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const shareBounds = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1]

/** Counts what happens around calls with the meter of whoever watches the process; without one nothing is counted. */
export class CallMetrics {
  readonly #priceOf: PriceOf
  readonly #calls: Counter
  readonly #rows: Counter
  readonly #saved: Counter
  readonly #retries: Counter
  readonly #failedRows: Counter
  readonly #usage: Counter
  readonly #cost: Counter
  readonly #duration: Histogram
  readonly #wait: Histogram
  readonly #fill: Histogram

  constructor(priceOf: PriceOf = () => null, meter: Meter = metrics.getMeter('callplane')) {
    this.#priceOf = priceOf
    const counter = (name: string, unit: string, description: string): Counter =>
      meter.createCounter(`callplane.${name}`, { unit, description })
    const seconds = (name: string, description: string): Histogram =>
      meter.createHistogram(`callplane.${name}`, {
        unit: 's',
        description,
        advice: { explicitBucketBoundaries: secondBounds },
      })
    this.#calls = counter('calls', '{call}', 'Calls that were made, each attempt counted')
    this.#rows = counter('rows', '{row}', 'Rows of calls that succeeded')
    this.#saved = counter('rows.saved', '{row}', 'Rows that were not called')
    this.#retries = counter('retries', '{batch}', 'Batches that were attempted again')
    this.#failedRows = counter('rows.failed', '{row}', 'Rows that failed for good')
    this.#usage = counter('usage', '{unit}', 'Units that handlers report')
    this.#cost = counter('cost', '{USD}', 'Dollars, from prices and from what handlers report')
    this.#duration = seconds('call.duration', 'How long attempts took')
    this.#wait = seconds('wait.duration', 'How long calls waited')
    this.#fill = meter.createHistogram('callplane.batch.fill', {
      unit: '1',
      description: 'Rows of a batch, of those that it could have had',
      advice: { explicitBucketBoundaries: shareBounds },
    })
  }

  readonly observe: CallObserver = (called, event) => {
    const of = { [attribute.function]: called.function, [attribute.version]: called.version }
    switch (event.kind) {
      case 'called':
        this.#called(called, event, of)
        break
      case 'saved':
        this.#saved.add(event.rows, { ...of, [attribute.savedBy]: event.by })
        break
      case 'waited':
        this.#wait.record(Math.max(0, event.milliseconds) / 1000, { ...of, [attribute.waitFor]: event.for })
        break
      case 'retried':
        this.#retries.add(1, { ...of, [attribute.error]: event.error.code })
        break
      case 'failed':
        this.#failedRows.add(event.rows, { ...of, [attribute.error]: event.error.code })
        break
      case 'usage':
        // Keys of users would make as many series as there are keys.
        for (const [unit, amount] of Object.entries(event.units))
          this.#usage.add(amount, { ...of, [attribute.unit]: unit })
        this.#spend(priceOfUnits(this.#priceOf(called), event.units), of)
        break
      case 'log':
      case 'span':
        break
    }
  }

  #called(called: CalledFunction, event: Extract<CallEvent, { kind: 'called' }>, of: Attributes): void {
    const { rows, capacity, milliseconds, error } = event
    const calls: number = event.calls ?? 1
    const outcome = error === null ? of : { ...of, [attribute.error]: error.code }
    if (error === null) this.#rows.add(rows, of)
    if (calls > 0) {
      this.#calls.add(calls, outcome)
      this.#duration.record(Math.max(0, milliseconds) / 1000, outcome)
      this.#fill.record(capacity === 0 ? 1 : Math.min(1, rows / capacity), of)
    }
    this.#spend(priceOfCall(this.#priceOf(called), { calls, rows, error }), of)
  }

  #spend(dollars: number, of: Attributes): void {
    if (dollars > 0) this.#cost.add(dollars, of)
  }
}
