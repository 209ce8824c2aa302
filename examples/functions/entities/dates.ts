import { parseDigits } from './digits.ts'
import type { Recogniser, Span } from './entity.ts'
import { type Month, monthOf } from './months.ts'

const space = '[ \\u00a0]'
const name = '(?<month>\\p{L}[\\p{L}\\p{M}]{1,19})'
const year = '(?<year>\\p{Nd}{4})(?!\\p{Nd})'
const day = '(?<day>\\p{Nd}{1,2})(?!\\p{Nd})'

/** `2024-05-03`, with a time after a `T`; `3/5/24`, `03.05.2024`. */
const numeric =
  /(?<![\p{Nd}_][.,/-]|[/-])(\p{Nd}{1,4})([-/.])(\p{Nd}{1,2})\2(\p{Nd}{1,4})(?:T\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\p{Nd}_A-Za-z]|[-/.]\p{Nd})/uy

/** `2024年5月3日`, `5月3日`, `2024년 5월 3일`, `3 tháng 5 năm 2024`. */
const counted =
  /(?:\p{Nd}{4} ?[年년] ?)?(?<month>\p{Nd}{1,2}) ?[月월] ?(?<day>\p{Nd}{1,2}) ?[日号號일]|\p{Nd}{4} ?[年년] ?(?<only>\p{Nd}{1,2}) ?[月월]|(?<vday>\p{Nd}{1,2}) tháng (?<vmonth>\p{Nd}{1,2})(?:,? năm \p{Nd}{4}(?!\p{Nd}))?/uy

/** A day or a year that stands alone; a month's name is looked for on either side. */
const alone = /(?<![.,:/#_])(?:\p{Nd}{1,2}|\p{Nd}{4})(?!\p{Nd})/uy
const monthBefore = new RegExp(`(?<!\\p{L})${name}\\.?,?(?:${space}|-)(?:del? |of )?$`, 'u')
const longestBefore = 28
const joint = /[ \u00a0-]/
const monthAfterDay = new RegExp(
  `(?:st|nd|rd|th|er|\\.|º|ª)?(?:${space}|-)(?:de |of |d['’])?${name}\\.?(?:,?(?:${space}|-)(?:del? |of )?${year})?`,
  'uy',
)
const afterMonthAndDay = new RegExp(`(?:st|nd|rd|th)?(?:,?${space}${year})?`, 'uy')
const afterYear = new RegExp(`\\.?${space}${name}\\.?${space}${day}\\.?`, 'uy')

/** Calendar dates in some forty languages; with a month's name, without the year or without the day too. */
export const findDates: Recogniser = ({ text, numbers }) => {
  const spans: Span[] = []
  let end = 0
  for (const start of numbers) {
    const span =
      start < end ? null : (numericDate(text, start) ?? countedDate(text, start) ?? namedDate(text, start))
    if (span === null) continue
    spans.push(span)
    end = span.end
  }
  return spans
}

function numericDate(text: string, start: number): Span | null {
  const match = matchAt(numeric, text, start)
  if (match === null) return null
  const { 0: found, 1: first = '', 2: separator, 3: middle = '', 4: last = '' } = match
  const [a, b, c] = [parseDigits(first), parseDigits(middle), parseDigits(last)]
  // `2024.5.3` is how some number their versions; a date would have its zeros.
  const padded = separator !== '.' || (middle.length === 2 && last.length === 2)
  const yearFirst = first.length === 4 && last.length <= 2 && padded && isDay(b, c) && isYear(a)
  const lastIsYear = last.length === 4 ? isYear(c) : last.length === 2 && separator === '/'
  const yearLast = first.length <= 2 && lastIsYear && (isDay(b, a) || isDay(a, b))
  return yearFirst || yearLast ? dateSpan(start, start + found.length) : null
}

function countedDate(text: string, start: number): Span | null {
  const match = matchAt(counted, text, start)
  const groups = match?.groups ?? {}
  const month = groups['month'] ?? groups['only'] ?? groups['vmonth'] ?? ''
  const valid =
    match !== null && isDay(parseDigits(month), parseDigits(groups['day'] ?? groups['vday'] ?? '1'))
  return valid ? dateSpan(start, start + match[0].length) : null
}

function namedDate(text: string, start: number): Span | null {
  const digits = matchAt(alone, text, start)?.[0]
  if (digits === undefined) return null
  const end = start + digits.length
  const value = parseDigits(digits)
  const before = joint.test(text.charAt(start - 1))
    ? monthBefore.exec(text.slice(Math.max(0, start - longestBefore), start))
    : null
  const monthStart = start - (before?.[0].length ?? 0)
  const month = before === null ? null : monthOf(before.groups?.['month'] ?? '')
  if (digits.length === 4) {
    if (!isYear(value)) return null
    const after = matchAt(afterYear, text, end)
    const next = after === null ? null : monthOf(after.groups?.['month'] ?? '')
    if (next !== null && isDay(next.number, parseDigits(after?.groups?.['day'] ?? '')))
      return dateSpan(start, end + (after?.[0].length ?? 0))
    return month === null ? null : dateSpan(monthStart, end)
  }
  const after = matchAt(monthAfterDay, text, end)
  const named = after?.groups?.['month'] ?? ''
  const next = monthOf(named)
  if (
    after !== null &&
    next !== null &&
    isDay(next.number, value) &&
    isSure(next, named, after.groups?.['year'])
  )
    return dateSpan(start, end + after[0].length)
  if (month === null || !isDay(month.number, value)) return null
  const rest = matchAt(afterMonthAndDay, text, end)
  const sure = isSure(month, before?.groups?.['month'] ?? '', rest?.groups?.['year'])
  return sure ? dateSpan(monthStart, end + (rest?.[0].length ?? 0)) : null
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset
  return pattern.exec(text)
}

/** English verbs in lower case (`may 3`, `march 12`) and abbreviations need a year beside them. */
function isSure(month: Month, word: string, yearDigits: string | undefined): boolean {
  if (yearDigits !== undefined) return isYear(parseDigits(yearDigits))
  return month.full && !/^(?:may|march)$/.test(word)
}

function isYear(value: number): boolean {
  return value >= 1000 && value < 3000
}

function isDay(month: number, value: number): boolean {
  return value >= 1 && value <= (daysInMonth[month - 1] ?? 0)
}

const daysInMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function dateSpan(start: number, end: number): Span {
  return { kind: 'date', start, end }
}
