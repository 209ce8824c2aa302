import { type EngineError, isEngineError } from '../../src/base/errors.ts'
import { classifyFailure } from '../policies/classifyFailure.ts'

/** A service that asks for fewer calls, and the milliseconds after which it wants the next one; null if it does not say. */
export interface Overload {
  readonly retryAfter: number | null
}

/** Null for an error that is no overload. */
export function overloadOf(error: unknown): Overload | null {
  if (!isEngineError(error) || classifyFailure(error) !== 'exhausted') return null
  return { retryAfter: error.details.retryAfter ?? null }
}

/** Whether a batch may have failed because it has too many rows. */
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
