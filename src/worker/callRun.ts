import type { CallEvent, CallObserver } from '../../udf/callEvents.ts'
import type { RunScope } from '../../udf/runScope.ts'

/** One call as a run of its own: what belongs to it is given back at its end. */
export class CallRun implements RunScope {
  readonly journal = null
  readonly #closing: (() => Promise<void>)[] = []

  onEnd(close: () => Promise<void>): void {
    this.#closing.push(close)
  }

  async end(): Promise<void> {
    if (this.#closing.length > 0) await Promise.all(this.#closing.map((close) => close()))
  }
}

/** Events that are kept for a caller. */
const EVENTS_MAX = 10_000

/** Keeps what a handler reports, which its caller is told; passes everything on. */
export class ReportedEvents {
  readonly #events: CallEvent[] = []
  readonly #next: CallObserver

  constructor(next: CallObserver) {
    this.#next = next
  }

  readonly observe: CallObserver = (called, event) => {
    this.#next(called, event)
    const isReport = event.kind === 'log' || event.kind === 'usage' || event.kind === 'span'
    if (isReport && this.#events.length < EVENTS_MAX) this.#events.push(event)
  }

  /** Those that came since they were asked for, as JSON. */
  take(): readonly string[] {
    return this.#events.splice(0).map((event) => JSON.stringify(event, plain))
  }
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
