import { messageOf } from '../src/base/errors.ts'
import type { Redact } from '../src/base/redact.ts'

const DEPTH_MAX = 6

/** A copy that any thread, log or report can take: no secrets, and only what JSON knows, with the rest in words. */
export function plainFields(
  fields: Readonly<Record<string, unknown>>,
  redact: Redact,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [redact(key), plain(value, redact, 1)]),
  )
}

function plain(value: unknown, redact: Redact, depth: number): unknown {
  if (typeof value === 'string') return redact(value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'bigint' || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  if (value instanceof Error) return redact(messageOf(value))
  if (depth > DEPTH_MAX) return '…'
  if (Array.isArray(value)) return value.map((item) => plain(item, redact, depth + 1))
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON(), redact, depth + 1)
  if (value instanceof Map) return plain(Object.fromEntries(value), redact, depth + 1)
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  const entries = Object.entries(value).map(
    ([key, item]) => [redact(key), plain(item, redact, depth + 1)] as const,
  )
  return Object.fromEntries(entries)
}
