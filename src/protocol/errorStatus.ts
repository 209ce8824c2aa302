import { status } from '@grpc/grpc-js'
import type { ErrorCode } from '../base/errorCodes.ts'
import { type EngineError, encodeError, toEngineError } from '../base/errors.ts'
import { MESSAGE_BYTES_MAX, STATUS_BYTES_MAX } from './limits.ts'
import { longestThatFits, statusTextBytes, textOfException } from './statusText.ts'

/** The trailer in which a worker of ours sends an error whole, as the JSON text of `encodeError`. */
export const ERROR_TRAILER = 'callplane-error-bin'

/** How a call ends that failed. */
export interface ErrorStatus {
  readonly code: status
  readonly details: string
  /** For {@link ERROR_TRAILER}. */
  readonly encoded: Buffer
}

/** What any caller understands of an error, and all of it for callers of ours. */
export function statusOfError(thrown: unknown): ErrorStatus {
  const error = toEngineError(thrown, 'FUNCTION_FAILED')
  const code = statusCode(error)
  const details = code === status.UNKNOWN ? exceptionText(error) : shortText(error.message)
  return { code, details, encoded: encoded(error) }
}

const codes: Partial<Record<ErrorCode, status>> = {
  ARROW_INVALID: status.INTERNAL,
  CANCELLED: status.CANCELLED,
  CIRCUIT_OPEN: status.UNAVAILABLE,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  GROUP_UNAVAILABLE: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
  MESSAGE_TOO_LARGE: status.OUT_OF_RANGE,
  REMOTE_REFUSED: status.UNAUTHENTICATED,
  RESOURCE_EXHAUSTED: status.RESOURCE_EXHAUSTED,
  SESSION_CLOSED: status.UNAVAILABLE,
  TIMED_OUT: status.DEADLINE_EXCEEDED,
  UNAVAILABLE: status.UNAVAILABLE,
  UNKNOWN_FUNCTION: status.NOT_FOUND,
  WORKER_LOST: status.UNAVAILABLE,
  WRONG_ARGUMENTS: status.INVALID_ARGUMENT,
}

function statusCode({ code, kind }: EngineError): status {
  return codes[code] ?? (kind === 'function' ? status.UNKNOWN : status.FAILED_PRECONDITION)
}

function shortText(text: string): string {
  return longestThatFits(text, (beginning) => statusTextBytes(beginning) <= STATUS_BYTES_MAX)
}

/** The message may take half of it, so that something of the stack is left. */
function exceptionText(error: EngineError): string {
  const { cause, details } = error
  const kind = cause instanceof Error ? cause.name : error.code
  const stack = details.functionStack ?? (cause instanceof Error ? cause.stack : undefined) ?? ''
  const text = (message: string, stacktrace: string): string => textOfException({ kind, message, stacktrace })
  const message = longestThatFits(
    error.message,
    (part) => statusTextBytes(text(part, '')) <= STATUS_BYTES_MAX / 2,
  )
  return text(
    message,
    longestThatFits(stack, (part) => statusTextBytes(text(message, part)) <= STATUS_BYTES_MAX),
  )
}

/** The most that fits: stacks are left out first, then causes, then the end of the message. */
function encoded(error: EngineError): Buffer {
  const whole = encodeError(error)
  const { stack: _stack, ...withoutStack } = whole
  const { cause: _cause, ...withoutCause } = withoutStack
  const { functionStack: _functionStack, hint: _hint, ...details } = withoutCause.details
  const least = { ...withoutCause, details }
  const found = [whole, withoutStack, withoutCause].find(fitsTrailer)
  if (found !== undefined) return Buffer.from(JSON.stringify(found))
  const message = longestThatFits(error.message, (part) => fitsTrailer({ ...least, message: part }))
  return Buffer.from(JSON.stringify({ ...least, message }))
}

/** Trailers carry bytes in base64. */
const ENCODED_BYTES_MAX = Math.floor((STATUS_BYTES_MAX * 3) / 4)

function fitsTrailer(value: object): boolean {
  return Buffer.byteLength(JSON.stringify(value)) <= ENCODED_BYTES_MAX
}

/** What peers say of a request that is too large. */
export const tooLargeText = `the request takes more than ${MESSAGE_BYTES_MAX.toLocaleString('en')} bytes`
