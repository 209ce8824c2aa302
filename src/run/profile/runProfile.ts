import type { CallEvent } from '../../../udf/callEvents.ts'
import type { ErrorCode } from '../../base/errorCodes.ts'
import { type Distribution, joinDistributions } from './distribution.ts'
import type { Timeline } from './timeline.ts'

export type SavedBy = Extract<CallEvent, { kind: 'saved' }>['by']
export type WaitCause = Extract<CallEvent, { kind: 'waited' }>['for']
export type LogLevel = Extract<CallEvent, { kind: 'log' }>['level']

export const savedBy: readonly SavedBy[] = ['dedupe', 'inFlight', 'cache', 'journal']
export const waitCauses: readonly WaitCause[] = ['batch', 'rateLimit', 'concurrency', 'retry']

/** Errors of one code. */
export interface ErrorFigures {
  readonly code: ErrorCode
  /** Attempts that failed with it. */
  readonly attempts: number
  /** Rows that failed with it for good. */
  readonly rows: number
  /** Of the latest of them. */
  readonly message: string
}

/** What one key used. */
export interface UsageFigures {
  /** As the handler reports it; null where it names none. */
  readonly key: string | null
  readonly units: Readonly<Record<string, number>>
}

/** What happened around the calls of one function. Milliseconds are added up over calls that ran at once. */
export interface FunctionProfile {
  readonly function: string
  readonly version: number
  /** Rows of the calls that succeeded. */
  readonly rows: number
  /** Calls that were made, each attempt counted. */
  readonly calls: number
  /** Rows that were not called. */
  readonly saved: Readonly<Record<SavedBy, number>>
  /** Rows of all attempts. */
  readonly sent: number
  /** Rows that all attempts could have had. */
  readonly capacity: number
  /** How long attempts took. */
  readonly run: Distribution
  readonly waits: Readonly<Record<WaitCause, Distribution>>
  /** Batches that were attempted again. */
  readonly retries: number
  /** By code, in alphabetical order. */
  readonly errors: readonly ErrorFigures[]
  readonly usage: readonly UsageFigures[]
  /** From the price of the function and what its handler reports. */
  readonly dollars: number
}

/** A line that a handler logged. */
export interface LoggedLine {
  readonly function: string
  readonly version: number
  readonly level: LogLevel
  readonly message: string
  /** JSON; null without fields. */
  readonly fields: string | null
}

/** What a run took, as plain data that JSON keeps. */
export interface RunProfile {
  /** Milliseconds since 1970 at which the first call began; null for a run without calls. */
  readonly started: number | null
  /** When the last one ended. */
  readonly ended: number | null
  /** In the order of first use. */
  readonly functions: readonly FunctionProfile[]
  readonly timeline: Timeline
  /** The latest lines, oldest first. */
  readonly log: readonly LoggedLine[]
  /** Lines before them that were not kept. */
  readonly logDropped: number
}

/** Figures that the progress line shows. */
export interface RunTotals {
  readonly rows: number
  readonly calls: number
  readonly savedRows: number
  readonly retries: number
  readonly failedRows: number
  readonly dollars: number
}

export function addTotals(all: readonly RunTotals[]): RunTotals {
  const sum = (figure: keyof RunTotals): number => all.reduce((total, totals) => total + totals[figure], 0)
  return {
    rows: sum('rows'),
    calls: sum('calls'),
    savedRows: sum('savedRows'),
    retries: sum('retries'),
    failedRows: sum('failedRows'),
    dollars: sum('dollars'),
  }
}

export function totalsOf(profile: FunctionProfile): RunTotals {
  const { rows, calls, retries, dollars } = profile
  return { rows, calls, savedRows: savedRowsOf(profile), retries, failedRows: failedRowsOf(profile), dollars }
}

export function savedRowsOf({ saved }: FunctionProfile): number {
  return savedBy.reduce((total, by) => total + saved[by], 0)
}

/** Rows that failed for good, and whose outcome was null, an error column or a dead letter. */
export function failedRowsOf({ errors }: FunctionProfile): number {
  return errors.reduce((total, { rows }) => total + rows, 0)
}

/** How full the batches were: 0 to 1; null before the first. */
export function fillOf({ sent, capacity }: FunctionProfile): number | null {
  return capacity === 0 ? null : sent / capacity
}

/** How long calls waited for a limit before they ran: for a token or for a place. */
export function queueOf({ waits }: FunctionProfile): Distribution {
  return joinDistributions([waits.rateLimit, waits.concurrency])
}
