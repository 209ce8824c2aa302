import { type EngineError, isEngineError } from '../../src/base/errors.ts'

/** A service that asks for fewer calls, and the milliseconds after which it wants the next one; null if it does not say. */
export interface Overload {
  readonly retryAfter: number | null
}

const TOO_MANY_REQUESTS = 429

/** Null for an error that is no overload. */
export function overloadOf(error: unknown): Overload | null {
  if (!isEngineError(error)) return null
  if (error.code !== 'RESOURCE_EXHAUSTED' && !isTooManyRequests(error.cause)) return null
  return { retryAfter: error.details.retryAfter ?? null }
}

/** What a batch may fail with because it has too many rows. */
export function isPerhapsTooLarge(error: unknown): error is EngineError {
  return isEngineError(error) && sizeCodes.has(error.code)
}

const sizeCodes: ReadonlySet<string> = new Set([
  'BATCH_TOO_LARGE',
  'FUNCTION_FAILED',
  'RESOURCE_EXHAUSTED',
  'TIMED_OUT',
  'WORKER_LOST',
])

function isTooManyRequests(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false
  const status = 'status' in cause ? cause.status : 'statusCode' in cause ? cause.statusCode : null
  return status === TOO_MANY_REQUESTS
}
