import { isEngineError } from '../src/base/errors.ts'

/**
 * Milliseconds after which a service wants to be asked again, as the error that a handler threw tells it: by its `retryAfter`,
 * or the header `retry-after-ms` or `retry-after` of the response that it carries. `retryAfter` is in seconds or a date, as in
 * HTTP. Null if it says nothing.
 */
export function retryAfterOf(thrown: unknown, now: number = Date.now()): number | null {
  if (typeof thrown !== 'object' || thrown === null) return null
  if (isEngineError(thrown)) return thrown.details.retryAfter ?? null
  const milliseconds = Number(header(thrown, 'retry-after-ms') ?? Number.NaN)
  if (milliseconds >= 0) return milliseconds
  const given = property(thrown, 'retryAfter') ?? header(thrown, 'retry-after')
  if (given === null || given === undefined || given === '') return null
  const seconds = Number(given)
  if (seconds >= 0) return seconds * 1000
  const date =
    given instanceof Date ? given.getTime() : typeof given === 'string' ? Date.parse(given) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

function header(thrown: object, name: string): unknown {
  for (const carrier of [thrown, property(thrown, 'response')]) {
    const headers = property(carrier, 'headers')
    if (headers instanceof Headers) return headers.get(name)
    const value = property(headers, name)
    if (value !== undefined) return value
  }
  return null
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
