import type { ErrorCode } from '../../base/errorCodes.ts'

/** One attempt of one batch. */
export interface TimelineBatch {
  /** Index in the profile's list of functions. */
  readonly function: number
  readonly batch: number
  readonly rows: number
  readonly attempt: number
  /** Milliseconds since 1970. */
  readonly started: number
  readonly milliseconds: number
  /** Null for a batch that succeeded. */
  readonly error: ErrorCode | null
}

/** Batches as plain data: one list a column, all of one length. */
export interface Timeline {
  /** Of so many batches one is kept. */
  readonly every: number
  readonly function: readonly number[]
  readonly batch: readonly number[]
  readonly rows: readonly number[]
  readonly attempt: readonly number[]
  readonly started: readonly number[]
  readonly milliseconds: readonly number[]
  readonly error: readonly (ErrorCode | null)[]
}

export const TIMELINE_BATCHES_MAX = 20_000

/** Keeps every batch until there are too many, then every second one, every fourth, and so on. */
export class TimelineRecorder {
  #batches: TimelineBatch[] = []
  #every = 1
  #seen = 0

  record(batch: TimelineBatch): void {
    if (this.#seen++ % this.#every !== 0) return
    this.#batches.push(batch)
    this.#thin()
  }

  /** `indexOf`: where a function of the other profile stands in this one's list. */
  merge(timeline: Timeline, indexOf: (index: number) => number): void {
    for (; this.#every < timeline.every; this.#every *= 2) this.#halve()
    const step = this.#every / timeline.every
    const batches = timelineBatches(timeline)
    for (let index = 0; index < batches.length; index += step) {
      const batch = batches[index]!
      this.#batches.push({ ...batch, function: indexOf(batch.function) })
    }
    this.#thin()
  }

  toJSON(): Timeline {
    const batches = this.#batches.toSorted((a, b) => a.started - b.started)
    const column = <Key extends keyof TimelineBatch>(key: Key): TimelineBatch[Key][] =>
      batches.map((batch) => batch[key])
    return {
      every: this.#every,
      function: column('function'),
      batch: column('batch'),
      rows: column('rows'),
      attempt: column('attempt'),
      started: column('started'),
      milliseconds: column('milliseconds').map((value) => Math.round(value * 1000) / 1000),
      error: column('error'),
    }
  }

  #thin(): void {
    while (this.#batches.length > TIMELINE_BATCHES_MAX) {
      this.#halve()
      this.#every *= 2
    }
  }

  #halve(): void {
    this.#batches = this.#batches.filter((_batch, index) => index % 2 === 0)
  }
}

export function timelineBatches(timeline: Timeline): readonly TimelineBatch[] {
  return timeline.started.map((started, index) => ({
    function: timeline.function[index]!,
    batch: timeline.batch[index]!,
    rows: timeline.rows[index]!,
    attempt: timeline.attempt[index]!,
    started,
    milliseconds: timeline.milliseconds[index]!,
    error: timeline.error[index]!,
  }))
}
