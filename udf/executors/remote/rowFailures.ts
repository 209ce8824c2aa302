import { errorCodes } from '../../../src/base/errorCodes.ts'
import { decodeError, EngineError, type ErrorDetails } from '../../../src/base/errors.ts'
import type { RowFailure } from '../../executor.ts'
import { failedAt, type RemotePlace } from './remotePlace.ts'

export interface AnsweredRows extends RemotePlace {
  readonly endpoint: string
}

/** The rows that a worker says failed, by what it says of each: the JSON text of an error, or null. */
export function readRowFailures(texts: readonly unknown[], call: AnsweredRows): readonly RowFailure[] {
  const failures: RowFailure[] = []
  for (const [row, text] of texts.entries()) {
    if (typeof text !== 'string') continue
    failures.push({ row, error: failedAt(call, call.endpoint, readError(text)) })
  }
  return failures
}

/** An error as its worker told it; what cannot be read is what the function failed with, as it stands. */
function readError(text: string): EngineError {
  try {
    const given: unknown = JSON.parse(text)
    if (isEncodedError(given)) return decodeError({ ...given, details: knownDetails(given.details) })
  } catch {
    // It is told below, whatever it is.
  }
  return new EngineError('FUNCTION_FAILED', text)
}

type EncodedError = Parameters<typeof decodeError>[0]

function isEncodedError(value: unknown): value is EncodedError {
  if (typeof value !== 'object' || value === null) return false
  const { code, message, details }: { code?: unknown; message?: unknown; details?: unknown } = value
  return (
    typeof code === 'string' &&
    Object.hasOwn(errorCodes, code) &&
    typeof message === 'string' &&
    typeof details === 'object' &&
    details !== null
  )
}

const texts = ['function', 'column', 'path', 'hint', 'functionStack'] as const
const numbers = ['version', 'batch', 'batchRows', 'row', 'itemsYielded', 'attempts', 'retryAfter'] as const

function knownDetails(details: ErrorDetails): ErrorDetails {
  const known = [
    ...texts.filter((key) => typeof details[key] === 'string'),
    ...numbers.filter((key) => typeof details[key] === 'number'),
  ]
  return Object.fromEntries(known.map((key) => [key, details[key]]))
}
