import type { CatalogFunctions } from './catalogFunctions.ts'
import type { RowError } from './rowError.ts'
import type { Secret } from './secret.ts'

/**
 * What a handler is told beside its rows, and what it can do there. Frozen, but for the state; every member may be taken out of it.
 */
export interface HandlerContext<SecretName extends string = string, State = unknown> {
  /** Name of the function. */
  readonly function: string
  readonly version: number
  /** Which attempt of the call this is, from 1. */
  readonly attempt: number
  /** Number of the batch within its query, from 0. */
  readonly batch: number
  /** Number of the batch's first row within its query, from 0. */
  readonly firstRow: number
  /** Rows of this call: 1 for a handler that gets one row at a time. */
  readonly rows: number
  /** What `metadata => {…}` gave; null without. */
  readonly metadata: Readonly<Record<string, unknown>> | null
  /** What `onStartup` gave in the place where the handler runs, the very same for all calls there; undefined without. */
  readonly state: State
  /** Milliseconds since 1970 by which the call must be done; null for any time. */
  readonly deadline: number | null
  /** Aborts when the result is no longer needed. */
  readonly signal: AbortSignal
  /** The secrets that the definition asks for. */
  readonly secrets: Readonly<Record<SecretName, Secret>>
  /** Adds to the query's log, at level `info`; nothing is written unless somebody listens. */
  readonly log: HandlerLog
  /** Runs `work` and measures it as a part of this call; gives and throws what `work` does. Spans may lie in one another. */
  readonly span: <Value>(name: string, work: () => Value) => Value
  /** Adds to what the call has used: units such as `tokens`, and `dollars`; numbers of 0 or more. `key` says who pays. */
  readonly reportUsage: (usage: Usage) => void
  /**
   * An error for one row, to be returned or thrown in place of its result. Where results are no list of values (`format:
   * 'arrow'`), `row` says which row of this call fails, whatever its result is.
   */
  readonly rowError: (problem: unknown, row?: number) => RowError
  /** Calls another function of the catalog for one row. Deadline, cancellation and trace follow. */
  readonly call: CallFunction
  /** The same for many rows, a list of arguments each; the results are in their order. */
  readonly callRows: (name: string, rows: readonly (readonly unknown[])[]) => Promise<readonly unknown[]>
}

/** What `onStartup` gets. Frozen; every member may be taken out of it. */
export interface StartupContext<SecretName extends string = string> {
  /** Name of the function. */
  readonly function: string
  readonly version: number
  /** The secrets that the definition asks for. */
  readonly secrets: Readonly<Record<SecretName, Secret>>
  /** Adds to the log of the query that needs the function first. */
  readonly log: HandlerLog
  /** Aborts when the place closes. */
  readonly signal: AbortSignal
}

/** Writes one line; `fields` are told apart from the message. */
export type LogLine = (message: string, fields?: Readonly<Record<string, unknown>>) => void

export interface HandlerLog extends LogLine {
  readonly debug: LogLine
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
}

export interface Usage {
  readonly key?: string
  readonly [unit: string]: number | string | undefined
}

/** Arguments and result have the types of `catalog.d.ts` where there is one. */
export type CallFunction = <Name extends string>(
  name: Name,
  ...args: Entry<Name> extends { readonly args: infer Args extends readonly unknown[] } ? Args : unknown[]
) => Promise<Entry<Name> extends { readonly result: infer Result } ? Result : unknown>

type Entry<Name> = Name extends keyof CatalogFunctions ? CatalogFunctions[Name] : unknown
