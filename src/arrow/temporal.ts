import type { SimpleKind } from '../base/dataType.ts'

export type TimestampKind = Extract<SimpleKind, `timestamp${string}`>

/** Units of a timestamp in a second. */
export const unitsPerSecond: Readonly<Record<TimestampKind, number>> = {
  timestamp: 1e6,
  timestamp_tz: 1e6,
  timestamp_s: 1,
  timestamp_ms: 1e3,
  timestamp_ns: 1e9,
}

export const msPerDay = 86_400_000
/** A JavaScript date reaches so far from 1970 either way. */
export const maxDateMs = 8.64e15
const maxDays = 2 ** 31 - 1
const maxUnits = 2n ** 63n - 1n

/** Whole milliseconds since 1970 of a timestamp, rounded down; beyond what a JavaScript date can hold too. */
export function timestampMs(kind: TimestampKind, units: bigint): number {
  const perMs = unitsPerSecond[kind] / 1000
  const approximate = Number(units)
  if (perMs < 1) return approximate * 1000
  if (Number.isSafeInteger(approximate)) return Math.floor(approximate / perMs)
  const whole = units / BigInt(perMs)
  return Number(units < 0n && whole * BigInt(perMs) !== units ? whole - 1n : whole)
}

/** A date as DuckDB writes it. */
export function formatDate(days: number): string {
  if (Math.abs(days) === maxDays) return days < 0 ? '-infinity' : 'infinity'
  const { text, era } = civilDate(days)
  return `${text}${era}`
}

/** A timestamp as DuckDB writes it, one with a time zone as of UTC. */
export function formatTimestamp(kind: TimestampKind, units: bigint): string {
  if (units === maxUnits || units === -maxUnits) return units < 0n ? '-infinity' : 'infinity'
  const perSecond = BigInt(unitsPerSecond[kind])
  const perDay = perSecond * 86_400n
  const inDay = ((units % perDay) + perDay) % perDay
  const { text, era } = civilDate(Number((units - inDay) / perDay))
  return `${text}${era} ${clock(inDay, perSecond)}${kind === 'timestamp_tz' ? '+00' : ''}`
}

function clock(units: bigint, perSecond: bigint): string {
  const seconds = Number(units / perSecond)
  const fraction = units % perSecond
  const digits =
    fraction === 0n
      ? ''
      : `.${String(perSecond + fraction)
          .slice(1)
          .replace(/0+$/, '')}`
  return `${pad(seconds / 3600, 2)}:${pad((seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}${digits}`
}

/** The proleptic Gregorian date of a day: eras of 400 years, in years that start in March. */
function civilDate(days: number): { text: string; era: string } {
  const shifted = days + 719_468
  const era400 = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era400 * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era400 * 400 + (month <= 2 ? 1 : 0)
  return {
    text: `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month, 2)}-${pad(day, 2)}`,
    era: year > 0 ? '' : ' (BC)',
  }
}

function pad(value: number, width: number): string {
  return String(Math.floor(value)).padStart(width, '0')
}

const maxOffsetSeconds = 57_599

export interface TimeTz {
  readonly micros: bigint
  /** Seconds east of UTC. */
  readonly offset: number
}

/** A TIME WITH TIME ZONE: 40 bits of microseconds, then 24 of the offset, so that equal moments sort by it. */
export function decodeTimeTz(bits: bigint): TimeTz {
  return { micros: bits >> 24n, offset: maxOffsetSeconds - Number(bits & 0xff_ff_ffn) }
}

/** Null for an offset of 16 hours or more. */
export function encodeTimeTz({ micros, offset }: TimeTz): bigint | null {
  if (!Number.isInteger(offset) || Math.abs(offset) > maxOffsetSeconds) return null
  return (micros << 24n) | BigInt(maxOffsetSeconds - offset)
}
