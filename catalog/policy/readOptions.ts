import { checkNames, type Fields, field, flag, type Given, wholeNumber } from './fields.ts'
import type { OptionPlace } from './place.ts'
import type { CallOptions } from './policies.ts'
import {
  readCache,
  readCircuitBreaker,
  readConcurrency,
  readMaxErrorRate,
  readMaxErrors,
  readOnError,
  readRateLimit,
  readRetry,
  readTime,
} from './readPolicy.ts'

/** What a call site is given, as it is written: `{ retries: 3, batchSize: 64 }`. */
export type GivenOptions = Readonly<Record<string, unknown>>

type Readers = { readonly [Name in keyof CallOptions]-?: readonly [string, (given: Given) => unknown] }

/** Each option with the name by which it is given. Their order is that of the keys of every CallOptions. */
const readers: Readers = {
  retry: ['retries', readRetry],
  rateLimit: ['rateLimit', readRateLimit],
  concurrency: ['concurrency', readConcurrency],
  timeout: ['timeout', readTime],
  deadline: ['deadline', readTime],
  circuitBreaker: ['circuitBreaker', readCircuitBreaker],
  dedupe: ['dedupe', flag],
  cache: ['cache', readCache],
  onError: ['onError', readOnError],
  maxErrors: ['maxErrors', readMaxErrors],
  maxErrorRate: ['maxErrorRate', readMaxErrorRate],
  maxBatchingSize: ['batchSize', readBatchSize],
  maxBufferDuration: ['bufferDuration', (given) => wholeNumber(given, 0)],
}

const order = Object.keys(readers)

/** Each option of a call with the name by which it is given: `retry` as `retries`. */
export const optionNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(readers).map(([option, [name]]) => [option, name]),
)

const batchingOptions: readonly string[] = ['batchSize', 'bufferDuration']

/** Names of the options that definitions and call sites share. */
export const policyNames: readonly string[] = Object.values(readers)
  .map(([name]) => name)
  .filter((name) => !batchingOptions.includes(name))

/** Reads what is there of the options that definitions and call sites share. */
export function readGiven(fields: Fields, place: OptionPlace): CallOptions {
  const given = Object.entries(readers).flatMap(([option, [name, read]]) => {
    const value = field({ value: fields, name: '', place }, fields, name)
    return value.value === undefined ? [] : [[option, read(value)]]
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each reader answers the type of its option
  return Object.freeze(Object.fromEntries(given) as CallOptions)
}

/**
 * The options of one call site, with defaults where a policy is given in part. Fails with the place's code for what does not
 * exist, is out of range or of another type; null if nothing is given.
 */
export function readCallOptions(given: GivenOptions, place: OptionPlace): CallOptions | null {
  checkNames(given, [...policyNames, ...batchingOptions], place)
  const options = readGiven(given, place)
  return Object.keys(options).length === 0 ? null : options
}

/** Options with others over them. */
export function combineOptions(under: CallOptions | null, over: CallOptions | null): CallOptions | null {
  if (under === null || over === null) return over ?? under
  const both: Readonly<Record<string, unknown>> = { ...under, ...over }
  const sorted = order.filter((name) => name in both).map((name) => [name, both[name]])
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fields of two such objects
  return Object.freeze(Object.fromEntries(sorted) as CallOptions)
}

/** For a call whose errors are looked at where it stands. */
export function withoutOnError(options: CallOptions | null): CallOptions | null {
  if (options?.onError === undefined) return options
  const { onError: _, ...others } = options
  return Object.keys(others).length === 0 ? null : Object.freeze(others)
}

function readBatchSize(given: Given): number | 'auto' {
  return given.value === 'auto' ? 'auto' : wholeNumber(given, 1)
}
