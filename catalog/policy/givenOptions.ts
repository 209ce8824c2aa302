import { field, type Given } from './fields.ts'
import { factoryPlace, snakeCase } from './place.ts'
import type { CallOptions } from './policies.ts'
import { optionNames } from './readOptions.ts'
import { readCache, readCircuitBreaker, readConcurrency, readRateLimit, readRetry } from './readPolicy.ts'

/** A value that an option may be given as. */
export type OptionValue =
  | null
  | boolean
  | number
  | string
  | readonly OptionValue[]
  | { readonly [name: string]: OptionValue }

/** Options as a call in SQL is given them, as short as can be: `{ retries: 3, rate_limit: 10, on_error: 'null' }`. */
export function givenOptions(options: CallOptions): { readonly [name: string]: OptionValue } {
  const entries = Object.entries(options).map(([option, value]): [string, OptionValue] => [
    snakeCase(optionNames[option] ?? option),
    inShort(option, value),
  ])
  return Object.fromEntries(entries)
}

type Short = readonly [candidate: (value: Fields) => unknown, read: (given: Given) => unknown]
type Fields = Readonly<Record<string, unknown>>

/** What may stand for a whole policy where its other fields have their defaults. */
const shorthands: Readonly<Record<string, Short>> = {
  retry: [({ attempts }) => attempts, readRetry],
  rateLimit: [({ rate }) => rate, readRateLimit],
  concurrency: [({ maxConcurrent }) => maxConcurrent, readConcurrency],
  circuitBreaker: [() => true, readCircuitBreaker],
  cache: [() => true, readCache],
}

function inShort(option: string, value: unknown): OptionValue {
  const shorthand = shorthands[option]
  if (shorthand === undefined || !isFields(value)) return asGiven(value)
  const [candidate, read] = shorthand
  const short = candidate(value)
  const given = field({ value, name: '', place: factoryPlace(option) }, { short }, 'short')
  return JSON.stringify(read(given)) === JSON.stringify(value) ? asGiven(short) : asGiven(value)
}

function asGiven(value: unknown): OptionValue {
  if (Array.isArray(value)) return value.map(asGiven)
  if (isFields(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== null)
    return Object.fromEntries(entries.map(([name, item]) => [snakeCase(name), asGiven(item)]))
  }
  const plain = typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string'
  return plain ? value : null
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
