import type { Random } from '../clock.ts'

export interface Backoff {
  /** Milliseconds before the second try; the first comes at once. */
  readonly initial: number
  /** Milliseconds at most. */
  readonly most: number
}

/** Of replicas that ended, or did not start. */
export const restartBackoff: Backoff = Object.freeze({ initial: 1000, most: 60_000 })
/** Of replicas that were taken out, until they are asked again. */
export const ejectionBackoff: Backoff = Object.freeze({ initial: 250, most: 10_000 })

/** Milliseconds to wait after so many failures in a row, 1 or more: twice as long each time, less up to a half at random. */
export function backoffDelay({ initial, most }: Backoff, failures: number, random: Random): number {
  return Math.min(initial * 2 ** (failures - 1), most) * (1 - random() / 2)
}
