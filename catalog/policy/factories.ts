import { type Given, isObject, show } from './fields.ts'
import { factoryPlace, invalidOption } from './place.ts'
import type {
  CircuitBreakerPolicy as CircuitBreaker,
  ConcurrencyPolicy as Concurrency,
  RateLimitPolicy as RateLimit,
  RetryPolicy as Retry,
} from './policies.ts'
import type { ConcurrencyOptions, RateLimitOptions } from './policyOptions.ts'
import {
  readCircuitBreaker,
  readConcurrency,
  readExponential,
  readLinear,
  readRateLimit,
} from './readPolicy.ts'

export type RetryPolicy = Retry
export type RateLimitPolicy = RateLimit
export type ConcurrencyPolicy = Concurrency
export type CircuitBreakerPolicy = CircuitBreaker

type OptionsOf<Kind extends Retry['kind']> = Partial<Omit<Extract<Retry, { kind: Kind }>, 'kind'>>

/** When a failed call is made again. Throws WRONG_ARGUMENTS for what is out of range. */
export const RetryPolicy: {
  /** Each wait is `multiplier` times as long as the one before: by default 3 retries after 1, 2 and 4 seconds or, jittered, less. */
  exponential(options?: OptionsOf<'exponential'>): RetryPolicy
  /** Each wait is as long as the others: by default 3 retries, a second each. */
  linear(options?: OptionsOf<'linear'>): RetryPolicy
} = Object.freeze({
  exponential: (options: unknown = {}) => made('RetryPolicy.exponential', options, readExponential),
  linear: (options: unknown = {}) => made('RetryPolicy.linear', options, readLinear),
})

/** Calls in a unit of time, by default a second, shared by all that name the same key. */
export function RateLimitPolicy(options: Exclude<RateLimitOptions, number>): RateLimitPolicy {
  return made('RateLimitPolicy', options, readRateLimit)
}

/** Calls in flight at once, shared by all that name the same key. */
export function ConcurrencyPolicy(options: Exclude<ConcurrencyOptions, number>): ConcurrencyPolicy {
  return made('ConcurrencyPolicy', options, readConcurrency)
}

/** When a failing function is left alone: by default after 5 failures in a row, for 30 seconds. */
export function CircuitBreakerPolicy(options: Partial<CircuitBreakerPolicy> = {}): CircuitBreakerPolicy {
  return made('CircuitBreakerPolicy', options, readCircuitBreaker)
}

function made<Policy>(factory: string, options: unknown, read: (given: Given) => Policy | null): Policy {
  const place = factoryPlace(factory)
  const policy = isObject(options) ? read({ value: options, name: '', place }) : null
  if (policy !== null) return policy
  throw invalidOption(place, `takes its options by name, got ${show(options)}`)
}
