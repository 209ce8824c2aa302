import { suggestNames } from '../../src/base/suggest.ts'
import { camelCase, invalidOption, type OptionPlace } from './place.ts'

/** A value that was given for an option, where it was given, and under which name, such as `batching.maxCost`. */
export interface Given {
  readonly value: unknown
  readonly name: string
  readonly place: OptionPlace
}

export type Fields = Readonly<Record<string, unknown>>

/** Throws unless every field is known; `name` is that of the object, empty for the options themselves. */
export function checkNames(fields: object, known: readonly string[], place: OptionPlace, name = ''): void {
  const unknown = Object.keys(fields).find((own) => !known.includes(own))
  if (unknown === undefined) return
  const { spell } = place
  const prefix = name === '' ? '' : `${spell(name)}.`
  const suggestion = suggestNames(spell(unknown), known.map(spell), name === '' ? place.listing : spell(name))
  throw invalidOption(place, `has an unknown option '${prefix}${spell(unknown)}': ${suggestion}`)
}

/** The fields of an option that is an object. */
export function objectFields(given: Given, known: readonly string[]): Fields {
  const { value, name, place } = given
  if (!isObject(value)) throw wrong(given, 'an object')
  checkNames(value, known, place, name)
  return { ...value }
}

/** A field of the object that was given. */
export function field({ name, place }: Given, fields: Fields, own: string): Given {
  return { value: fields[own], name: name === '' ? own : `${name}.${own}`, place }
}

export function wholeNumber(given: Given, least: 0 | 1): number {
  const { value } = given
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
  throw wrong(given, least === 0 ? 'a whole number from 0' : 'a whole number above 0')
}

/** A number from 0 or, `positive`, above 0. */
export function finiteNumber(given: Given, positive = false): number {
  const { value } = given
  if (typeof value === 'number' && Number.isFinite(value) && (positive ? value > 0 : value >= 0)) return value
  throw wrong(given, positive ? 'a number above 0' : 'a number, 0 or more')
}

export function share(given: Given): number {
  const { value } = given
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  throw wrong(given, 'a number, between 0 and 1')
}

export function flag(given: Given): boolean {
  if (typeof given.value === 'boolean') return given.value
  throw wrong(given, 'true or false')
}

export function choice<Choice extends string>(given: Given, choices: readonly Choice[]): Choice {
  const { value, place } = given
  const chosen = choices.find((candidate) => candidate === value || place.spell(candidate) === value)
  if (chosen !== undefined) return chosen
  throw wrong(given, choices.map((candidate) => show(place.spell(candidate))).join(' or '))
}

/** A text that is not empty. */
export function text(given: Given): string {
  if (typeof given.value === 'string' && given.value !== '') return given.value
  throw wrong(given, 'a text')
}

/** What `read` makes of a value; `absent` where there is none. */
export function optional<Value, Absent>(
  given: Given,
  read: (given: Given) => Value,
  absent: Absent,
): Value | Absent {
  return given.value === undefined ? absent : read(given)
}

/** As {@link optional}; null is null. */
export function nullable<Value>(given: Given, read: (given: Given) => Value): Value | null {
  return given.value === undefined || given.value === null ? null : read(given)
}

export function wrong({ value, name, place }: Given, expected: string, hint?: string): Error {
  return invalidOption(place, `has ${place.spell(name)} ${show(value)}; it must be ${expected}`, hint)
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fields of an object, and of those within it, with the names of {@link camelCase}. */
export function camelCased(fields: object): Readonly<Record<string, unknown>> {
  const entries = Object.entries(fields).map(([name, item]): [string, unknown] => [
    camelCase(name),
    isObject(item) ? camelCased(item) : item,
  ])
  return Object.fromEntries(entries)
}

/** A value for a message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
