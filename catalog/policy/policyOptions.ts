import type {
  CachePolicy,
  CircuitBreakerPolicy,
  ConcurrencyPolicy,
  OnError,
  Price,
  RateLimitPolicy,
  RetryPolicy,
} from './policies.ts'

/** A retry policy, some fields of one (with a `delay` it is linear), or just how often: exponential, from one second. */
export type RetryOptions =
  | RetryPolicy
  | Partial<Exponential>
  | (Partial<Linear> & Pick<Linear, 'delay'>)
  | number

type Exponential = Omit<Extract<RetryPolicy, { kind: 'exponential' }>, 'kind'>
type Linear = Omit<Extract<RetryPolicy, { kind: 'linear' }>, 'kind'>

/** A rate limit; a number is that many calls a second. */
export type RateLimitOptions = (Partial<RateLimitPolicy> & Pick<RateLimitPolicy, 'rate'>) | number

/** A limit of calls in flight, of this function alone where it is just a number. */
export type ConcurrencyOptions =
  | (Partial<ConcurrencyPolicy> & Pick<ConcurrencyPolicy, 'maxConcurrent'>)
  | number

/** Whether, and for how many seconds, results are kept for later runs and other processes. */
export type CacheOptions = Partial<CachePolicy> | boolean

/** `true` is five failures in a row, and half a minute. */
export type CircuitBreakerOptions = Partial<CircuitBreakerPolicy> | boolean

/** The policies of a definition. */
export interface PolicyOptions {
  /** Attempts after a failed one. Default none. */
  readonly retries?: RetryOptions
  readonly rateLimit?: RateLimitOptions
  /** Calls in flight at once. Default: what the executor has room for. */
  readonly concurrency?: ConcurrencyOptions
  /** Milliseconds for one attempt. */
  readonly timeout?: number
  /** Milliseconds for a call with all its attempts and waits. */
  readonly deadline?: number
  readonly circuitBreaker?: CircuitBreakerOptions
  /**
   * Whether equal inputs are called once a run. Default: true for functions that are not volatile and may cost something, that is
   * async handlers and those with retries, limits, a timeout, a cache or a price.
   */
  readonly dedupe?: boolean
  readonly cache?: CacheOptions
  /** What becomes of a row that fails. Default `'fail'`. */
  readonly onError?: OnError
  /** Rows that may fail before the query does. */
  readonly maxErrors?: number
  /** Share of rows, 0 to 1, that may fail before the query does, counted from the hundredth row on. */
  readonly maxErrorRate?: number
  /** Dollars that calls cost. */
  readonly price?: Partial<Price>
}
