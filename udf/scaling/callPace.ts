/** Weight of the latest call in the average. */
const WEIGHT = 0.05
/** So many times the average is far too long. */
const OVERDUE_FACTOR = 5
const OVERDUE_MS_MIN = 500
const PATIENCE_MS = 750
const PATIENCE_MS_MAX = 10 * 60_000
const PATIENCE_FACTOR = 4

/** How long the calls of a group take, over all of its replicas. */
export interface CallPace {
  /** A call was answered after so many milliseconds. */
  note(milliseconds: number): void
  /** Milliseconds after which a call takes far longer than others do. */
  overdueAfter(): number
  /** Milliseconds that a replica may say nothing and do nothing until its calls are given up. */
  patience(): number
  /** A replica whose calls were given up has answered after all: the next one gets more time. */
  gaveUpTooSoon(): void
}

export function createCallPace(): CallPace {
  let average: number | null = null
  let patience = PATIENCE_MS
  return {
    note(milliseconds) {
      average = average === null ? milliseconds : average + (milliseconds - average) * WEIGHT
    },
    overdueAfter: () => (average === null ? Infinity : Math.max(OVERDUE_MS_MIN, average * OVERDUE_FACTOR)),
    patience: () => patience,
    gaveUpTooSoon() {
      patience = Math.min(patience * PATIENCE_FACTOR, PATIENCE_MS_MAX)
    },
  }
}
