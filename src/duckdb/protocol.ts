import type { MessagePort } from 'node:worker_threads'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { CallOutcome } from '../../catalog/policy/policies.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import type { Schema } from '../base/dataType.ts'
import type { encodeError } from '../base/errors.ts'

export type EncodedError = ReturnType<typeof encodeError>

/** What an engine thread is started with. */
export interface EngineThreadData {
  /** A database file, or ':memory:'. */
  readonly database: string
  /** DuckDB's configuration, by option name. */
  readonly config: Readonly<Record<string, string>>
  readonly functions: readonly FunctionSignature[]
  /** One int32 that grows whenever something was posted to a port that a callback may be asleep on. */
  readonly wake: SharedArrayBuffer
  readonly bridge: MessagePort
}

/** A relation that a statement reads as `name()`: batches come through the port, one `InputMessage` each. */
export interface InputSpec {
  readonly name: string
  readonly schema: Schema
  readonly port: MessagePort
}

export type InputMessage =
  | { readonly batch: Batch }
  | { readonly end: number }
  | { readonly error: EncodedError }

/** What the reader of a relation says: that it begins, and for each batch that it has taken it. */
export type InputReply = 'begin' | 'taken'

/** A statement to run on a connection; its rows come as StreamEvents. */
export interface StartStatement {
  readonly connection: number
  readonly sql: string
  /** Rows of a batch; the last one may be smaller. */
  readonly batchRows: number
  /** Batches that may be sent before the first `credit`. */
  readonly credits: number
  readonly inputs: readonly InputSpec[]
  /** Functions that run inside DuckDB's callback in this thread; the others go over the bridge. */
  readonly fused: readonly string[]
  /** Whether it may call others, over the bridge; default false. */
  readonly bridges?: boolean
}

export type StatementKind = 'rows' | 'changes' | 'nothing'

/** Each request is answered once under its id, by a value of the type that `Answers` names. */
export type Request =
  | { readonly kind: 'connect' }
  | { readonly kind: 'disconnect'; readonly connection: number }
  | { readonly kind: 'register'; readonly signature: FunctionSignature }
  | { readonly kind: 'countStatements'; readonly sql: string }
  | ({ readonly kind: 'start' } & StartStatement)
  | { readonly kind: 'append'; readonly table: string; readonly schema: Schema; readonly batch: Batch }
  | { readonly kind: 'closeAppender'; readonly table: string }
  | { readonly kind: 'close' }

export interface Answers {
  readonly connect: number
  readonly disconnect: null
  readonly register: null
  readonly countStatements: number
  readonly start: { readonly schema: Schema; readonly answers: StatementKind }
  readonly append: null
  readonly closeAppender: number
  readonly close: null
}

/** Requests that are not answered: they steer a statement that is running, under the id of its `start`. */
export type Steering =
  | { readonly kind: 'credit'; readonly stream: number; readonly batches: number }
  | { readonly kind: 'stop'; readonly stream: number }

export type ToEngine = { readonly id: number; readonly request: Request } | { readonly steering: Steering }

/** What a function was called for inside DuckDB's callbacks. */
export interface CallCount {
  readonly function: string
  readonly calls: number
  readonly rows: number
  readonly milliseconds: number
  /** What its handler reported, in order; whoever knows its form reads it. */
  readonly reports: readonly unknown[]
}

export type StreamEvent =
  | { readonly batch: Batch }
  | { readonly end: { readonly rows: number; readonly calls: readonly CallCount[] } }
  | { readonly error: EncodedError }

export type FromEngine =
  | { readonly id: number; readonly value: Answers[keyof Answers] }
  | { readonly id: number; readonly error: EncodedError }
  | { readonly stream: number; readonly event: StreamEvent }

/** What a call is given beside its arguments, the same for all rows of a batch. */
export interface CallTerms {
  /** JSON text. */
  readonly metadata: string | null
  /** Text of `optionsText`. */
  readonly options: string | null
  readonly outcome: CallOutcome
}

/** A batch that a callback asks the session's dispatcher to work on while it sleeps. */
export interface BridgeRequest extends CallTerms {
  readonly connection: number
  readonly function: string
  readonly batch: Batch
}

export type BridgeReply = { readonly column: ColumnData } | { readonly error: EncodedError }
