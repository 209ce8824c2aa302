import { allLocales, type LocaleDefinition } from '@faker-js/faker'
import type { Language } from './language.ts'
import type { Random } from './random.ts'

/** Makes the words for one slot of a phrase. */
export type Fill = (random: Random) => string

/** Names of women and of men, in languages whose family names differ too. */
export function nameFill({ locale, nameOrder }: Language): Fill {
  const { person } = definitionOf(locale)
  const people = (['female', 'male'] as const).map((sex) => ({
    given: person?.first_name?.[sex] ?? person?.first_name?.generic ?? [],
    family: person?.last_name?.[sex] ?? person?.last_name?.generic ?? [],
  }))
  return (random) => {
    const { given, family } = random.pick(people)
    const [first, last] = [random.pick(given), random.pick(family)]
    if (nameOrder === 'given family') return `${first} ${last}`
    return nameOrder === 'family given' ? `${last} ${first}` : last + first
  }
}

/** Towns, or where faker knows none, provinces. */
export function placeFill({ locale }: Language): Fill {
  const { location } = definitionOf(locale)
  const names = (location?.city_name ?? location?.state ?? []).filter((name) => !name.includes('('))
  return (random) => random.pick(names)
}

/** Amounts from a few cents to ten millions, small ones as often as large ones. */
export function amountFill({ amounts, thousands, decimals }: Language): Fill {
  const patterns = amounts.map((pattern) => pattern.split('#'))
  return (random) => {
    const [before = '', after = ''] = random.pick(patterns)
    const cents = random.below(10 ** (3 + random.below(7)))
    const whole = grouped(Math.floor(cents / 100), thousands)
    return before + (decimals === null ? whole : whole + decimals + padded(cents % 100, 2)) + after
  }
}

function grouped(value: number, separator: string): string {
  if (value < 1000) return String(value)
  return grouped(Math.floor(value / 1000), separator) + separator + padded(value % 1000, 3)
}

function padded(value: number, length: number): string {
  return String(value).padStart(length, '0')
}

const firstYear = 2015
const years = 10
const months = 12
/** So that every month has them all. */
const days = 28

/** Days of ten years. Each is written once and kept, as there are few. */
export function dateFill(language: Language): Fill {
  const written = language.dates.map((pattern) => ({
    parts: pattern.split(/[{}]/),
    texts: new Map<number, string>(),
  }))
  return (random) => {
    const { parts, texts } = random.pick(written)
    const index = random.below(years * months * days)
    const text = texts.get(index) ?? writeDate(index, parts, language.months)
    texts.set(index, text)
    return text
  }
}

function writeDate(index: number, parts: readonly string[], monthNames: readonly string[] = []): string {
  const day = 1 + (index % days)
  const month = 1 + (Math.floor(index / days) % months)
  const words: Readonly<Record<string, string>> = {
    yyyy: String(firstYear + Math.floor(index / (days * months))),
    month: monthNames[month - 1] ?? String(month),
    mm: padded(month, 2),
    dd: padded(day, 2),
    m: String(month),
    d: String(day),
  }
  return parts.map((part, at) => (at % 2 === 0 ? part : (words[part] ?? part))).join('')
}

function definitionOf(locale: string): LocaleDefinition {
  const [, definition] = Object.entries(allLocales).find(([name]) => name === locale) ?? []
  if (definition === undefined) throw new RangeError(`faker has no locale ${locale}`)
  return definition
}
