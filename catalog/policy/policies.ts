/** What may be shared, deduplicated and reordered: the same for ever, within one query, or never. */
export type Volatility = 'immutable' | 'stable' | 'volatile'

/** When a failed call is made again. */
export type RetryPolicy =
  | {
      readonly kind: 'exponential'
      /** Retries after the first attempt. */
      readonly attempts: number
      /** Seconds before the first retry; each further one waits `multiplier` times as long, `maxWait` at most. */
      readonly initial: number
      readonly multiplier: number
      readonly maxWait: number
      /** Whether each wait is a random share of the time above, so that callers do not come back together. */
      readonly jitter: boolean
      readonly retryOn: RetryOn
    }
  | {
      readonly kind: 'linear'
      readonly attempts: number
      /** Seconds before each retry. */
      readonly delay: number
      readonly jitter: boolean
      readonly retryOn: RetryOn
    }

/**
 * What is worth another attempt: codes of `EngineError`, names of error classes such as `'TypeError'`, HTTP statuses such as
 * `'429'`; null for whatever may pass: errors that are retryable, and those that handlers throw.
 */
export type RetryOn = readonly string[] | null

/** Calls in a unit of time, shared by all that name the same key. Waiting is its only effect. */
export interface RateLimitPolicy {
  readonly rate: number
  readonly per: 'second' | 'minute' | 'hour'
  /** Shared by functions, sessions and processes; null for this function in this session. */
  readonly key: string | null
}

/** Calls in flight at once, shared by all that name the same key. */
export interface ConcurrencyPolicy {
  readonly maxConcurrent: number
  /** Shared by functions, sessions and processes; null for this function in this session. */
  readonly key: string | null
}

/** Results that are kept for later runs and other processes. */
export interface CachePolicy {
  /** Seconds that a result stays good; null for ever. */
  readonly ttl: number | null
}

/**
 * What becomes of a row that fails: the query fails; the result is null; the result is null and a column `<name>_error` says
 * why; the result is null and the row is written to the run's dead letters.
 */
export type OnError = 'fail' | 'null' | 'column' | 'deadLetter'

/** What calls cost, in dollars. */
export interface Price {
  readonly perCall: number
  readonly perRow: number
  /** Unit, as handlers report it with `reportUsage`, to dollars for one. */
  readonly perUnit: Readonly<Record<string, number>>
}

/** When a failing function is left alone for a while. */
export interface CircuitBreakerPolicy {
  /** Failures for unavailability in a row that open the circuit. */
  readonly failures: number
  /** Seconds until one call may try again. */
  readonly resetAfter: number
}

/** Errors after which a query stops. */
export interface ErrorBudget {
  /** Rows that may fail; null for any number. */
  readonly maxErrors: number | null
  /** Share of rows that may fail, 0 to 1, counted from the hundredth row on; null for any. */
  readonly maxErrorRate: number | null
}

/** How rows are gathered for a call. */
export interface BatchingPolicy {
  /** Rows in a batch at most (default 10 when batching is set at all), or `'auto'`: found from measured latency and throughput. */
  readonly maxBatchingSize: number | 'auto'
  /** Milliseconds that a batch waits to be filled at most; default 1,000. */
  readonly maxBufferDuration: number
  /** Bytes of the arguments of a batch at most; null for any. */
  readonly maxBytes: number | null
  /** Cost of a batch at most, as `costOf` of the definition counts it for each row; null for any, and then there is no `costOf`. */
  readonly maxCost: number | null
  /** Whether rows of several queries and other callers may share a batch; default true. */
  readonly acrossCallers: boolean
}

/** Everything that is done around a call; a definition sets it and a call site may change it. Frozen. */
export interface CallPolicies {
  readonly retry: RetryPolicy | null
  readonly rateLimit: RateLimitPolicy | null
  /** Null for what the executor has room for. */
  readonly concurrency: ConcurrencyPolicy | null
  /** Milliseconds for one attempt; null for any time. */
  readonly timeout: number | null
  /** Milliseconds for a call with all its attempts and waits; null for any time. */
  readonly deadline: number | null
  readonly circuitBreaker: CircuitBreakerPolicy | null
  /** Whether equal inputs are called once a run; never for a volatile function. */
  readonly dedupe: boolean
  readonly cache: CachePolicy | null
  readonly onError: OnError
  readonly errorBudget: ErrorBudget
  readonly price: Price | null
}

/** What one call site asks for instead of what the function's definition says; what is absent stays. Frozen, keys in this order. */
export interface CallOptions
  extends Partial<Omit<CallPolicies, 'errorBudget' | 'price'>>,
    Partial<ErrorBudget>,
    Partial<Pick<BatchingPolicy, 'maxBatchingSize' | 'maxBufferDuration'>> {}

/** What a call gives: its value, where a row that fails takes `onError`; or a struct of value and error, see `tryType`. */
export type CallOutcome = 'value' | 'try'

/** How rows are gathered where a definition sets `batching` but says no more. */
export const defaultBatching: BatchingPolicy = Object.freeze({
  maxBatchingSize: 10,
  maxBufferDuration: 1000,
  maxBytes: null,
  maxCost: null,
  acrossCallers: true,
})

/** What is done around the calls of a function that says nothing. */
export const defaultPolicies: CallPolicies = Object.freeze({
  retry: null,
  rateLimit: null,
  concurrency: null,
  timeout: null,
  deadline: null,
  circuitBreaker: null,
  dedupe: false,
  cache: null,
  onError: 'fail',
  errorBudget: Object.freeze({ maxErrors: null, maxErrorRate: null }),
  price: null,
})
