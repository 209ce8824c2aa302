import { describe, expect, test } from 'vitest'
import { defineFunction } from '../../catalog/defineFunction.ts'
import {
  CircuitBreakerPolicy,
  ConcurrencyPolicy,
  RateLimitPolicy,
  RetryPolicy,
} from '../../catalog/policy/factories.ts'
import { mergeBatching, mergePolicies } from '../../catalog/policy/mergePolicies.ts'
import { type CallPolicies, defaultBatching, defaultPolicies } from '../../catalog/policy/policies.ts'
import { registerFunction } from '../../catalog/registerFunction.ts'
import { isEngineError } from '../../src/base/errors.ts'

const settled = async (): Promise<null> => null
const base = { name: 'f', input: { memo: 'VARCHAR' }, output: 'VARCHAR', handler: (): null => null }

function define(options: object): ReturnType<typeof defineFunction> {
  return Reflect.apply(defineFunction, undefined, [{ ...base, ...options }])
}

function refusal(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    if (!isEngineError(error)) throw error
    return `${error.code} ${error.message}`
  }
  return 'accepted'
}

const exponential = {
  kind: 'exponential',
  attempts: 3,
  initial: 1,
  multiplier: 2,
  maxWait: 60,
  jitter: true,
  retryOn: null,
} as const
const linear = { kind: 'linear', attempts: 3, delay: 1, jitter: false, retryOn: null } as const

describe('policies of a definition', () => {
  test('are none by default, on the definition and its signature, frozen', () => {
    const definition = define({})
    expect(definition.policies).toEqual(defaultPolicies)
    expect(Object.isFrozen(definition.policies)).toBe(true)
    expect(registerFunction(definition, null).signature.policies).toBe(definition.policies)
  })

  const cases: readonly (readonly [object, Partial<CallPolicies>])[] = [
    [{ retries: 3 }, { retry: exponential }],
    [{ retries: 0 }, { retry: null }],
    [
      { retries: { attempts: 5, retryOn: ['429', 'TypeError'] } },
      { retry: { ...exponential, attempts: 5, retryOn: ['429', 'TypeError'] } },
    ],
    [{ retries: { delay: 2 } }, { retry: { ...linear, delay: 2 } }],
    [{ retries: RetryPolicy.linear({ jitter: true }) }, { retry: { ...linear, jitter: true } }],
    [{ rateLimit: 10 }, { rateLimit: { rate: 10, per: 'second', key: null } }],
    [
      { rateLimit: { rate: 0.5, per: 'hour', key: 'openai' } },
      { rateLimit: { rate: 0.5, per: 'hour', key: 'openai' } },
    ],
    [{ concurrency: 4 }, { concurrency: { maxConcurrent: 4, key: null } }],
    [{ concurrency: { maxConcurrent: 4, key: 'gpu' } }, { concurrency: { maxConcurrent: 4, key: 'gpu' } }],
    [
      { timeout: 500, deadline: 5000 },
      { timeout: 500, deadline: 5000 },
    ],
    [{ circuitBreaker: true }, { circuitBreaker: { failures: 5, resetAfter: 30 } }],
    [{ circuitBreaker: { failures: 2 } }, { circuitBreaker: { failures: 2, resetAfter: 30 } }],
    [{ cache: true }, { cache: { ttl: null } }],
    [{ cache: { ttl: 60 } }, { cache: { ttl: 60 } }],
    [{ cache: false }, { cache: null }],
    [
      { onError: 'deadLetter', maxErrors: 10, maxErrorRate: 0.1 },
      { onError: 'deadLetter', errorBudget: { maxErrors: 10, maxErrorRate: 0.1 } },
    ],
    [
      { price: { perUnit: { tokens: 2e-6 } } },
      { price: { perCall: 0, perRow: 0, perUnit: { tokens: 2e-6 } } },
    ],
  ]
  test.each(cases)('%j', (options, policies) => {
    expect(define(options).policies).toMatchObject(policies)
  })

  test.each([
    [{ retries: 1 }, true],
    [{ rateLimit: 1 }, true],
    [{ timeout: 1 }, true],
    [{ price: { perCall: 1 } }, true],
    [{ handler: settled }, true],
    [{ handler: settled, volatility: 'stable' }, true],
    [{ handler: settled, volatility: 'volatile' }, false],
    [{ handler: settled, dedupe: false }, false],
    [{ dedupe: true }, true],
    [{ onError: 'null' }, false],
    [{ batching: {} }, false],
  ])('equal inputs of %j are called once: %j', (options, dedupe) => {
    expect(define(options).policies.dedupe).toBe(dedupe)
  })

  test.each([
    [{ retires: 3 }, "an unknown option 'retires': did you mean 'retries'?"],
    [{ retries: -1 }, 'retries -1; it must be a whole number from 0'],
    [{ retries: { attemps: 1 } }, "an unknown option 'retries.attemps': did you mean 'attempts'?"],
    [{ retries: { kind: 'both' } }, "retries.kind 'both'; it must be 'exponential' or 'linear'"],
    [{ retries: { multiplier: 0.5 } }, 'retries.multiplier 0.5; it must be a number, 1 or more'],
    [{ rateLimit: {} }, 'rateLimit.rate undefined; it must be a number above 0'],
    [
      { rateLimit: { rate: 1, per: 'day' } },
      "rateLimit.per 'day'; it must be 'second' or 'minute' or 'hour'",
    ],
    [{ concurrency: 0 }, 'concurrency 0; it must be a whole number above 0'],
    [{ concurrency: { maxConcurrent: 1, key: '' } }, "concurrency.key ''; it must be a text"],
    [{ circuitBreaker: 5 }, 'circuitBreaker 5; it must be true, false or an object'],
    [{ cache: { ttl: 0 } }, 'cache.ttl 0; it must be a number above 0'],
    [{ timeout: Number.NaN }, 'timeout NaN; it must be a number above 0'],
    [{ dedupe: 1 }, 'dedupe 1; it must be true or false'],
    [{ onError: 'ignore' }, "onError 'ignore'; it must be 'fail' or 'null' or 'column' or 'deadLetter'"],
    [{ maxErrors: 1.5 }, 'maxErrors 1.5; it must be a whole number from 0'],
    [{ maxErrorRate: 2 }, 'maxErrorRate 2; it must be a number, between 0 and 1'],
    [{ price: {} }, 'an empty price\n  price: { perCall: 0.002, perUnit: { tokens: 2e-6 } }'],
    [{ price: { perUnit: { tokens: -1 } } }, 'price.perUnit.tokens -1; it must be a number, 0 or more'],
    [
      { cache: true, volatility: 'volatile' },
      'cache, but is volatile: each call of a volatile function may give another result',
    ],
    [
      { dedupe: true, volatility: 'volatile' },
      'dedupe, but is volatile: each call of a volatile function may give another result',
    ],
    [
      { timeout: 500, deadline: 100 },
      'timeout 500 above its deadline 100\n  the timeout is for one attempt, the deadline for a call with all its attempts',
    ],
    [
      { batching: { maxCost: 5 } },
      'batching.maxCost without batching.costOf\n  batching: { maxCost: 8000, costOf: ({ memo }) => memo.length / 4 }',
    ],
    [
      { batching: { costOf: () => 1 } },
      'batching.costOf without batching.maxCost\n  batching: { maxCost: 8000, costOf: ({ memo }) => memo.length / 4 }',
    ],
    [{ batching: { maxCost: 5, costOf: 5 } }, 'batching.costOf 5; it must be a function of a row'],
    [
      { batching: { maxBatchingSize: 'large' } },
      "batching.maxBatchingSize 'large'; it must be a whole number above 0",
    ],
    [
      { input: { options: 'VARCHAR' } },
      "an input named 'options'\n  options => {…} of a call is for its policies; choose another name",
    ],
  ])('refuses %j', (options, problem) => {
    expect(refusal(() => define(options))).toBe(`DEFINITION_INVALID function 'f' has ${problem}`)
  })

  test('batching goes by rows, time, bytes and cost, which the definition counts', () => {
    const definition = defineFunction({
      ...base,
      input: { memo: 'VARCHAR' },
      batching: {
        maxBatchingSize: 'auto',
        maxBytes: 1000,
        maxCost: 8,
        costOf: ({ memo }: { memo: string | null }) => memo?.length ?? 0,
      },
      handler: ({ memo }) => memo,
    })
    const batching = { ...defaultBatching, maxBatchingSize: 'auto', maxBytes: 1000, maxCost: 8 }
    expect(definition.batching).toEqual(batching)
    expect(definition.costOf?.({ memo: 'four' })).toBe(4)
    expect(structuredClone(registerFunction(definition, null).signature).batching).toEqual(batching)
    expect(define({ batching: { acrossCallers: false } }).batching?.acrossCallers).toBe(false)
  })
})

describe('factories', () => {
  test('fill in defaults, freeze, and give what a definition takes as its own', () => {
    expect(RetryPolicy.exponential()).toEqual(exponential)
    expect(RetryPolicy.linear({ attempts: 1 })).toEqual({ ...linear, attempts: 1 })
    expect(RateLimitPolicy({ rate: 5 })).toEqual({ rate: 5, per: 'second', key: null })
    expect(ConcurrencyPolicy({ maxConcurrent: 5, key: 'k' })).toEqual({ maxConcurrent: 5, key: 'k' })
    const circuitBreaker = CircuitBreakerPolicy()
    expect(circuitBreaker).toEqual({ failures: 5, resetAfter: 30 })
    expect(Object.isFrozen(circuitBreaker)).toBe(true)
    expect(define({ circuitBreaker }).policies.circuitBreaker).toEqual(circuitBreaker)
  })

  test('say what is wrong', () => {
    expect(refusal(() => RetryPolicy.linear({ attempts: -1 }))).toBe(
      'WRONG_ARGUMENTS RetryPolicy.linear has attempts -1; it must be a whole number from 0',
    )
    expect(refusal(() => Reflect.apply(RateLimitPolicy, undefined, [5]))).toBe(
      'WRONG_ARGUMENTS RateLimitPolicy takes its options by name, got 5',
    )
    expect(refusal(() => Reflect.apply(ConcurrencyPolicy, undefined, [{ max: 5 }]))).toBe(
      "WRONG_ARGUMENTS ConcurrencyPolicy has an unknown option 'max': it has maxConcurrent, key",
    )
  })
})

describe('options of a call site over the policies of its function', () => {
  const own = define({ retries: 3, cache: true, maxErrors: 5, batching: {} })

  test('change what they name and leave the rest', () => {
    expect(mergePolicies(own.policies, null)).toBe(own.policies)
    const merged = mergePolicies(own.policies, { retry: null, onError: 'null', maxErrorRate: 0.5 })
    expect(merged).toEqual({
      ...own.policies,
      retry: null,
      onError: 'null',
      errorBudget: { maxErrors: 5, maxErrorRate: 0.5 },
    })
  })

  test('change batches only of functions that take them', () => {
    expect(mergeBatching(own.batching, { maxBatchingSize: 64 })).toEqual({
      ...defaultBatching,
      maxBatchingSize: 64,
    })
    expect(mergeBatching(null, { maxBatchingSize: 64 })).toBeNull()
  })
})
