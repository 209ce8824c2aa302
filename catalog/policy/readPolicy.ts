import {
  choice,
  field,
  finiteNumber,
  flag,
  type Given,
  isObject,
  nullable,
  objectFields,
  optional,
  share,
  text,
  wholeNumber,
  wrong,
} from './fields.ts'
import { invalidOption } from './place.ts'
import type {
  CachePolicy,
  CircuitBreakerPolicy,
  ConcurrencyPolicy,
  OnError,
  Price,
  RateLimitPolicy,
  RetryOn,
  RetryPolicy,
} from './policies.ts'

const exponentialFields = ['kind', 'attempts', 'initial', 'multiplier', 'maxWait', 'jitter', 'retryOn']
const linearFields = ['kind', 'attempts', 'delay', 'jitter', 'retryOn']

/** `3`, or the fields of a policy; one with a `delay` is linear. 0 and null are none. */
export function readRetry(given: Given): RetryPolicy | null {
  const { value } = given
  if (value === null || value === 0) return null
  if (!isObject(value)) return readExponential({ ...given, value: { attempts: wholeNumber(given, 0) } })
  const linear = 'kind' in value ? value.kind === 'linear' : 'delay' in value
  return linear ? readLinear(given) : readExponential(given)
}

/** The fields of an exponential policy. */
export function readExponential(given: Given): RetryPolicy {
  const fields = objectFields(given, exponentialFields)
  const of = (name: string): Given => field(given, fields, name)
  return Object.freeze({
    kind: optional(of('kind'), readKind('exponential'), 'exponential' as const),
    attempts: optional(of('attempts'), (attempts) => wholeNumber(attempts, 0), 3),
    initial: optional(of('initial'), finiteNumber, 1),
    multiplier: optional(of('multiplier'), readMultiplier, 2),
    maxWait: optional(of('maxWait'), finiteNumber, 60),
    jitter: optional(of('jitter'), flag, true),
    retryOn: nullable(of('retryOn'), readRetryOn),
  })
}

/** The fields of a linear policy. */
export function readLinear(given: Given): RetryPolicy {
  const fields = objectFields(given, linearFields)
  const of = (name: string): Given => field(given, fields, name)
  return Object.freeze({
    kind: optional(of('kind'), readKind('linear'), 'linear' as const),
    attempts: optional(of('attempts'), (attempts) => wholeNumber(attempts, 0), 3),
    delay: optional(of('delay'), finiteNumber, 1),
    jitter: optional(of('jitter'), flag, false),
    retryOn: nullable(of('retryOn'), readRetryOn),
  })
}

function readKind<Kind extends RetryPolicy['kind']>(kind: Kind): (given: Given) => Kind {
  return (given) => {
    if (given.value === kind) return kind
    throw wrong(given, "'exponential' or 'linear'")
  }
}

function readMultiplier(given: Given): number {
  const { value } = given
  if (typeof value === 'number' && Number.isFinite(value) && value >= 1) return value
  throw wrong(given, 'a number, 1 or more')
}

function readPer(given: Given): RateLimitPolicy['per'] {
  return choice(given, ['second', 'minute', 'hour'])
}

function readRetryOn(given: Given): RetryOn {
  const { value } = given
  const texts = Array.isArray(value) ? value.map(String) : []
  const valid = Array.isArray(value) && texts.length > 0 && texts.every((item) => item !== '')
  if (valid) return Object.freeze(texts)
  throw wrong(given, "a list of error codes, classes or HTTP statuses: ['UNAVAILABLE', 'TypeError', '429']")
}

/** `10` a second, or the fields of a policy; null is none. */
export function readRateLimit(given: Given): RateLimitPolicy | null {
  const { value } = given
  if (value === null) return null
  if (!isObject(value)) {
    return Object.freeze({ rate: finiteNumber(given, true), per: 'second', key: null })
  }
  const fields = objectFields(given, ['rate', 'per', 'key'])
  return Object.freeze({
    rate: finiteNumber(field(given, fields, 'rate'), true),
    per: optional(field(given, fields, 'per'), readPer, 'second' as const),
    key: nullable(field(given, fields, 'key'), text),
  })
}

/** `4`, or the fields of a policy; null is what the executor has room for. */
export function readConcurrency(given: Given): ConcurrencyPolicy | null {
  const { value } = given
  if (value === null) return null
  if (!isObject(value)) return Object.freeze({ maxConcurrent: wholeNumber(given, 1), key: null })
  const fields = objectFields(given, ['maxConcurrent', 'key'])
  return Object.freeze({
    maxConcurrent: wholeNumber(field(given, fields, 'maxConcurrent'), 1),
    key: nullable(field(given, fields, 'key'), text),
  })
}

/** `true` for the defaults, or some fields of a policy; false and null are none. */
export function readCircuitBreaker(given: Given): CircuitBreakerPolicy | null {
  const { value } = given
  if (value === null || value === false) return null
  if (value !== true && !isObject(value)) throw wrong(given, 'true, false or an object')
  const fields = value === true ? {} : objectFields(given, ['failures', 'resetAfter'])
  return Object.freeze({
    failures: optional(field(given, fields, 'failures'), (failures) => wholeNumber(failures, 1), 5),
    resetAfter: optional(field(given, fields, 'resetAfter'), (after) => finiteNumber(after, true), 30),
  })
}

/** `true` for ever, `{ ttl: 3600 }` for an hour; false and null are none. */
export function readCache(given: Given): CachePolicy | null {
  const { value } = given
  if (value === null || value === false) return null
  if (value !== true && !isObject(value)) throw wrong(given, 'true, false or an object')
  const fields = value === true ? {} : objectFields(given, ['ttl'])
  return Object.freeze({ ttl: nullable(field(given, fields, 'ttl'), (ttl) => finiteNumber(ttl, true)) })
}

export function readOnError(given: Given): OnError {
  return choice(given, ['fail', 'null', 'column', 'deadLetter'])
}

/** Milliseconds; null for any time. */
export function readTime(given: Given): number | null {
  return nullable(given, (time) => finiteNumber(time, true))
}

/** Rows that may fail; null for any number. */
export function readMaxErrors(given: Given): number | null {
  return nullable(given, (errors) => wholeNumber(errors, 0))
}

export function readMaxErrorRate(given: Given): number | null {
  return nullable(given, share)
}

/** Dollars by call, row and unit; what is not given costs nothing. */
export function readPrice(given: Given): Price {
  const { value, place } = given
  if (!isObject(value))
    throw wrong(given, 'an object', 'price: { perCall: 0.002, perUnit: { tokens: 2e-6 } }')
  const fields = objectFields(given, ['perCall', 'perRow', 'perUnit'])
  const units = field(given, fields, 'perUnit')
  if (units.value !== undefined && !isObject(units.value)) {
    throw wrong(units, 'an object of units and dollars', 'perUnit: { tokens: 2e-6 }')
  }
  const perUnit = Object.entries(units.value ?? {}).map(([unit, dollars]): [string, number] => [
    unit,
    finiteNumber({ value: dollars, name: `${units.name}.${unit}`, place }),
  ])
  const price = {
    perCall: optional(field(given, fields, 'perCall'), finiteNumber, 0),
    perRow: optional(field(given, fields, 'perRow'), finiteNumber, 0),
    perUnit: Object.freeze(Object.fromEntries(perUnit)),
  }
  if (Object.keys(fields).length > 0) return Object.freeze(price)
  throw invalidOption(place, 'has an empty price', 'price: { perCall: 0.002, perUnit: { tokens: 2e-6 } }')
}
