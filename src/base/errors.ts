import { type ErrorCode, type ErrorKind, errorCodes } from './errorCodes.ts'
import { decodeForeignError, encodeForeignError, type ForeignError } from './foreignError.ts'

/** Where an error belongs. Only what is known is present; rows count from 0 within the batch. */
export interface ErrorDetails {
  readonly function?: string
  readonly version?: number
  readonly stage?: string
  readonly batch?: number
  readonly batchRows?: number
  readonly row?: number
  /** Items that a stream had yielded when it failed; a stream is attempted again only before its first. */
  readonly itemsYielded?: number
  /** Present where it is not the call itself that failed, but what prepares the place where it would be made. */
  readonly during?: 'onStartup'
  /** Attempts that were made. */
  readonly attempts?: number
  /** Milliseconds after which another attempt is worth it, as the service said. */
  readonly retryAfter?: number
  readonly column?: string
  readonly path?: string
  /** The replica that was called, `host:port`. */
  readonly endpoint?: string
  /** Present where the replica has certainly not begun with the call. */
  readonly unsent?: true
  /** Offset in the text of the statement, in UTF-16 units. */
  readonly position?: number
  readonly hint?: string
  /** The stack of the user's own code that threw. */
  readonly functionStack?: string
}

interface EncodedError {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
  readonly stack?: string
  readonly cause?: EncodedCause
}

type EncodedCause = { readonly engine: EncodedError } | { readonly foreign: ForeignError }

const brand = Symbol.for('callplane.EngineError')

/** The one class of error that Callplane throws. `docs/errors.md` lists the codes. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(
      details.hint === undefined ? message : `${message}\n  ${details.hint}`,
      cause === undefined ? {} : { cause },
    )
    this.code = code
    this.details = Object.freeze({ ...details })
    // Not a declared field, whose symbol would tell the package's own sources and its build apart.
    Object.defineProperty(this, brand, { value: true })
  }

  /** Who has to act. */
  get kind(): ErrorKind {
    return errorCodes[this.code].kind
  }

  /** Whether the same call may succeed if it is made again. */
  get retryable(): boolean {
    return errorCodes[this.code].retryable
  }
}

/** Holds across copies of the package, where `instanceof` does not. */
export function isEngineError(value: unknown): value is EngineError {
  return typeof value === 'object' && value !== null && brand in value
}

/** What an unknown thrown value says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** Wraps what is not yet an EngineError; one that is comes back as it is. */
export function toEngineError(
  thrown: unknown,
  code: ErrorCode = 'INTERNAL',
  details: ErrorDetails = {},
): EngineError {
  return isEngineError(thrown) ? thrown : new EngineError(code, messageOf(thrown), details, thrown)
}

/** Plain data for another thread or a wire, where class and code would be lost. */
export function encodeError(thrown: unknown): EncodedError {
  const { code, message, details, stack, cause } = toEngineError(thrown)
  return {
    code,
    // The hint is part of the message and is added again when the error is decoded.
    message: details.hint === undefined ? message : message.slice(0, -(details.hint.length + 3)),
    details,
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: encodeCause(cause) }),
  }
}

export function decodeError({ code, message, details, stack, cause }: EncodedError): EngineError {
  const error = new EngineError(code, message, details, cause === undefined ? undefined : decodeCause(cause))
  if (stack !== undefined) error.stack = stack
  return error
}

function encodeCause(cause: unknown): EncodedCause {
  return isEngineError(cause) ? { engine: encodeError(cause) } : { foreign: encodeForeignError(cause) }
}

function decodeCause(cause: EncodedCause): Error {
  return 'engine' in cause ? decodeError(cause.engine) : decodeForeignError(cause.foreign)
}

/** For the default case of a switch over a union: the compiler names a kind that was left out. */
export function unreachable(value: never): never {
  throw new EngineError('INTERNAL', `unexpected ${JSON.stringify(value)}`)
}
