import type { CallEvent, CallObserver } from '../callEvents.ts'
import type { RowFailure } from '../executor.ts'

/** The part of a shared batch that one caller observes. */
export interface ObservedRows {
  readonly observer: CallObserver
  /** Number of the caller's own batch. */
  readonly batch: number
  /** Number of the first of these rows within the caller's stage. */
  readonly firstRow: number
  /** Of the shared batch the first of these rows. */
  readonly offset: number
  readonly rows: number
}

/** What happens to a batch of several callers, told to each of them so that their figures add up to those of the batch. */
export class EventSplitter {
  readonly #parts: readonly ObservedRows[]
  readonly #most: ObservedRows
  readonly #firstRow: number
  readonly #rows: number
  readonly #failed: {
    readonly called: Parameters<CallObserver>[0]
    readonly rows: number
    error: FailedEvent['error']
  }[] = []

  /** `firstRow`: the number under which the first row of the batch is called. */
  constructor(parts: readonly ObservedRows[], firstRow: number) {
    this.#parts = parts
    this.#most = parts.reduce((most, part) => (part.rows > most.rows ? part : most))
    this.#firstRow = firstRow
    this.#rows = parts.reduce((sum, { rows }) => sum + rows, 0)
  }

  readonly observer: CallObserver = (called, event) => {
    switch (event.kind) {
      case 'called':
        return this.#called(called, event)
      case 'retried': {
        const rows = shareOut(event.rows, this.#parts)
        for (const [index, part] of this.#parts.entries()) {
          if (rows[index]! > 0) part.observer(called, { ...event, rows: rows[index]! })
        }
        return
      }
      case 'failed':
        this.#failed.push({ called, rows: event.rows, error: event.error })
        return
      case 'usage':
        for (const part of this.#parts) {
          part.observer(called, { ...event, units: scaled(event.units, part.rows / this.#rows) })
        }
        return
      case 'span':
        return this.#span(called, event)
      case 'saved':
      case 'waited':
      case 'log':
        return this.#most.observer(called, event)
    }
  }

  /** Tells each caller of its failed rows, which only the result names. */
  settle(failures: readonly RowFailure[]): void {
    const [first] = this.#failed
    if (first === undefined) return
    const { called } = first
    if (failures.length === 0) {
      for (const { rows, error } of this.#failed) {
        const shares = shareOut(rows, this.#parts)
        for (const [index, part] of this.#parts.entries()) {
          if (shares[index]! > 0) part.observer(called, { kind: 'failed', rows: shares[index]!, error })
        }
      }
      return
    }
    for (const { row, error } of failures) {
      const part = this.#parts.findLast(({ offset }) => offset <= row) ?? this.#most
      part.observer(called, { kind: 'failed', rows: 1, error })
    }
  }

  #span(called: Parameters<CallObserver>[0], event: SpanEvent): void {
    const from = event.firstRow - this.#firstRow
    const part = from <= 0 ? this.#most : (this.#parts.findLast(({ offset }) => offset <= from) ?? this.#most)
    const firstRow = part.firstRow + Math.max(0, from - part.offset)
    part.observer(called, { ...event, batch: part.batch, firstRow })
  }

  #called(called: Parameters<CallObserver>[0], event: CalledEvent): void {
    const from = Math.max(0, event.firstRow - this.#firstRow)
    const to = from + event.rows
    const shares = this.#parts.flatMap((part) => {
      const start = Math.max(from, part.offset)
      const rows = Math.min(to, part.offset + part.rows) - start
      return rows > 0 ? [{ part, start, rows }] : []
    })
    const [first] = shares
    if (first === undefined) return this.#most.observer(called, event)
    const most = shares.reduce((found, share) => (share.rows > found.rows ? share : found), first)
    for (const share of shares) {
      const { part, start, rows } = share
      const own = { ...event, batch: part.batch, firstRow: part.firstRow + start - part.offset, rows }
      if (share === most) {
        part.observer(called, { ...own, capacity: Math.max(rows, event.capacity - (event.rows - rows)) })
      } else part.observer(called, { ...own, calls: 0, capacity: rows, milliseconds: 0 })
    }
  }
}

type SpanEvent = Extract<CallEvent, { kind: 'span' }>
type CalledEvent = Extract<CallEvent, { kind: 'called' }>
type FailedEvent = Extract<CallEvent, { kind: 'failed' }>

/** Whole numbers in proportion to the rows of each part that add up to the total. */
export function shareOut(total: number, parts: readonly { readonly rows: number }[]): number[] {
  const all = parts.reduce((sum, { rows }) => sum + rows, 0)
  let [before, given] = [0, 0]
  return parts.map(({ rows }) => {
    before += rows
    const share = Math.round((total * before) / all) - given
    given += share
    return share
  })
}

function scaled(units: Readonly<Record<string, number>>, share: number): Record<string, number> {
  return Object.fromEntries(Object.entries(units).map(([unit, amount]) => [unit, amount * share]))
}
