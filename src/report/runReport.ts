import type { RunRecord } from '../../catalog/store/stateStore.ts'
import type { RunProfile } from '../run/profile/runProfile.ts'

/** What a report is made of. */
export interface RunReport {
  readonly run: Omit<RunRecord, 'fingerprint' | 'profile' | 'process'>
  readonly profile: RunProfile
  /** What EXPLAIN says; null where it is not known. */
  readonly plan: string | null
  /** Rows that were written to the run's dead letters, and where they lie; null for none. */
  readonly deadLetters: { readonly rows: number; readonly path: string } | null
  /** Of Callplane. */
  readonly version: string
  /** Milliseconds since 1970 at which the report is made. */
  readonly now: number
}
