import type { RetryOn, RetryPolicy } from '../../catalog/policy/policies.ts'
import type { EngineError } from '../../src/base/errors.ts'
import type { Random } from '../clock.ts'
import { causesOf, classifyFailure, statusOf } from './classifyFailure.ts'

/** Whether a policy wants another attempt after this error. */
export function isWorthRetrying(error: EngineError, retryOn: RetryOn): boolean {
  if (isFinal(error)) return false
  if (retryOn === null) return classifyFailure(error) !== 'other'
  const names = namesOf(error)
  return retryOn.some((wanted) => names.has(wanted))
}

/** Milliseconds before the next attempt, where so many were made. What a service asks for is the least. */
export function waitBefore(
  policy: RetryPolicy,
  made: number,
  { random, retryAfter }: { readonly random: Random; readonly retryAfter: number },
): number {
  const seconds =
    policy.kind === 'linear'
      ? policy.delay
      : Math.min(policy.maxWait, policy.initial * policy.multiplier ** (made - 1))
  // Those whom a service sends away until the same time do not come back together either.
  return policy.jitter ? retryAfter + random() * seconds * 1000 : Math.max(retryAfter, seconds * 1000)
}

/** What no policy can ask to be made again: the fault of the caller, of the definition or of a limit, or items already given. */
function isFinal({ kind, code, details }: EngineError): boolean {
  if ((details.itemsYielded ?? 0) > 0) return true
  switch (kind) {
    case 'user':
    case 'limit':
    case 'internal':
      return true
    case 'function':
      return code === 'FUNCTION_RETURNED_PROMISE'
    case 'unavailable':
      return false
  }
}

/** All that `retryOn` may call an error by: its code or the one that it amounts to, classes and HTTP statuses of its causes. */
function namesOf(error: EngineError): ReadonlySet<unknown> {
  const names = new Set<unknown>([error.code])
  const failure = classifyFailure(error)
  if (failure === 'exhausted') names.add('RESOURCE_EXHAUSTED')
  if (failure === 'unavailable' && error.kind === 'function') names.add('UNAVAILABLE')
  for (const cause of causesOf(error)) {
    names.add(Reflect.get(cause, 'code'))
    names.add(Reflect.get(cause, 'name'))
    names.add(cause.constructor?.name)
    const status = statusOf(cause)
    if (status !== null) names.add(String(status))
  }
  return names
}
