import type { DataType, Schema } from '../base/dataType.ts'
import type { Batch } from './column.ts'
import { decodeColumn } from './decode.ts'

const MS_PER_DAY = 86_400_000
/** The last millisecond that a JavaScript date can say, on either side of the epoch. */
const DATE_MS_MAX = 8_640_000_000_000_000n

/**
 * The rows of a batch as objects for users. DATE and TIMESTAMP become JavaScript dates, to the millisecond; what lies beyond
 * their reach becomes the text `infinity`, `-infinity`, or days or microseconds since the epoch as DuckDB keeps them.
 */
export function toRows(schema: Schema, batch: Batch): Record<string, unknown>[] {
  const columns = schema.map(({ name, type }, index) => {
    const values = decodeColumn(type, batch.columns[index]!)
    const toMs = millisecondsOf(type)
    return {
      name,
      values:
        toMs === null ? values : Array.from(values as ArrayLike<unknown>, (value) => shown(value, toMs)),
    }
  })
  return Array.from({ length: batch.length }, (_, row) => {
    const object: Record<string, unknown> = {}
    for (const { name, values } of columns) object[name] = values[row]
    return object
  })
}

function shown(value: unknown, toMs: (value: bigint) => bigint): unknown {
  if (typeof value !== 'number' && typeof value !== 'bigint') return value
  const exact = BigInt(value)
  const ms = toMs(exact)
  if (ms <= DATE_MS_MAX && ms >= -DATE_MS_MAX) return new Date(Number(ms))
  const infinite = typeof value === 'number' ? 2n ** 31n - 1n : 2n ** 63n - 1n
  if (exact === infinite) return 'infinity'
  return exact === -infinite ? '-infinity' : String(exact)
}

/** Milliseconds since the epoch of a value as it is stored; null for types that are shown as they are. */
function millisecondsOf(type: DataType): ((value: bigint) => bigint) | null {
  switch (type.kind) {
    case 'date':
      return (days) => days * BigInt(MS_PER_DAY)
    case 'timestamp':
    case 'timestamp_tz':
      return (micros) => floorDivide(micros, 1000n)
    case 'timestamp_s':
      return (seconds) => seconds * 1000n
    case 'timestamp_ms':
      return (millis) => millis
    case 'timestamp_ns':
      return (nanos) => floorDivide(nanos, 1_000_000n)
    default:
      return null
  }
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient
}
