const maxInt32 = 2 ** 31 - 1
const maxInt64 = 2n ** 63n - 1n
const secondsOfDay = 86_400n

/** A date in ISO order from days since 1970-01-01: `2024-02-29`, `0044-03-15 (BC)`, `infinity`. */
export function formatDate(days: number): string {
  if (Math.abs(days) === maxInt32) return days > 0 ? 'infinity' : '-infinity'
  const { year, month, day } = civil(days)
  const text = (shown: number): string => `${padded(shown, 4)}-${padded(month, 2)}-${padded(day, 2)}`
  return year > 0 ? text(year) : `${text(1 - year)} (BC)`
}

/** A time of day; `digits` says of which fraction of a second `ticks` are: 0, 3, 6 or 9. */
export function formatTime(ticks: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits)
  const seconds = Number(ticks / perSecond)
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const fraction = String(ticks % perSecond).padStart(digits, '0')
  const text = clock.map((part) => padded(part, 2)).join(':')
  return ticks % perSecond === 0n ? text : `${text}.${fraction.replace(/0+$/, '')}`
}

/** A timestamp from ticks since 1970-01-01, in UTC: `2024-02-29 12:30:00.5`. */
export function formatTimestamp(ticks: bigint, digits: number): string {
  if (ticks === maxInt64 || ticks === -maxInt64) return ticks > 0n ? 'infinity' : '-infinity'
  const perDay = secondsOfDay * 10n ** BigInt(digits)
  const ofDay = ((ticks % perDay) + perDay) % perDay
  return `${formatDate(Number((ticks - ofDay) / perDay))} ${formatTime(ofDay, digits)}`
}

export interface IntervalValue {
  readonly months: number
  readonly days: number
  readonly micros: bigint
}

/** `1 year 2 months 3 days 04:05:06`. */
export function formatInterval({ months, days, micros }: IntervalValue): string {
  const years = Math.trunc(months / 12)
  const parts = [counted(years, 'year'), counted(months - years * 12, 'month'), counted(days, 'day')]
  const time = micros < 0n ? `-${formatTime(-micros, 6)}` : formatTime(micros, 6)
  return [...parts, micros === 0n && parts.some((part) => part !== '') ? '' : time]
    .filter((part) => part !== '')
    .join(' ')
}

function counted(count: number, unit: string): string {
  return count === 0 ? '' : `${count} ${unit}${Math.abs(count) === 1 ? '' : 's'}`
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

/** The proleptic Gregorian date of a day, beyond what `Date` can hold: years of 400 years, counted from March. */
function civil(days: number): { year: number; month: number; day: number } {
  const fromMarch = days + 719_468
  const era = Math.floor(fromMarch / 146_097)
  const dayOfEra = fromMarch - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  }
}
