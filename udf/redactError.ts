import { decodeError, type EngineError, encodeError } from '../src/base/errors.ts'
import type { Redact } from '../src/base/redact.ts'

/** The error without secrets, whatever it and its causes say; properties that an encoded error has not are left behind. */
export function redactError(thrown: unknown, redact: Redact): EngineError {
  return decodeError(redactTexts(encodeError(thrown), redact))
}

function redactTexts<Data>(data: Data, redact: Redact): Data
function redactTexts(data: unknown, redact: Redact): unknown {
  if (typeof data === 'string') return redact(data)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, redactTexts(value, redact)]))
}
