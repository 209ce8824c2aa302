/** Calls of one group that are under way, and that wait for a replica. */
export interface GroupLoad {
  readonly inFlight: number
  readonly waiting: number
}

/** What one process that calls groups tells the scaler; it posts it as JSON to `/load`. */
export interface LoadReport {
  /** Unique among processes. */
  readonly client: string
  /** By group; those that are left out have no calls. */
  readonly groups: Readonly<Record<string, GroupLoad>>
}

/** Milliseconds between two reports. */
export const REPORT_MS = 1000

/** Milliseconds that a report counts; a process that is heard of no more has no calls then. */
export const REPORT_LIFE_MS = 10_000

/** Whether a group needs a replica. */
export function isActive({ inFlight, waiting }: GroupLoad): boolean {
  return inFlight + waiting > 0
}
