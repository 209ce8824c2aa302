import { fold } from './fold.ts'
import { languages } from './worldNames.ts'

export interface Month {
  /** 1 to 12. */
  readonly number: number
  /** Whether the word is the month's full name in some language, rather than an abbreviation. */
  readonly full: boolean
}

/** Folded words for months in every language, as in `3 мая` and `май`, `Sept.` and `September`. */
const months = new Map<string, Month>()
for (const language of languages) {
  for (const style of ['long', 'short'] as const) {
    for (const options of [{ month: style }, { day: 'numeric', month: style }] as const)
      addMonths(language, options)
  }
}
for (const abbreviation of ['sept', 'sep']) months.set(abbreviation, { number: 9, full: false })

function addMonths(language: string, options: Intl.DateTimeFormatOptions): void {
  const format = new Intl.DateTimeFormat(`${language}-u-ca-gregory`, options)
  for (let number = 1; number <= 12; number++) {
    const parts = format.formatToParts(new Date(2024, number - 1, 15))
    const name = fold(parts.find(({ type }) => type === 'month')?.value ?? '').replace(/\.$/, '')
    if (!/^\p{L}[\p{L}\p{M}.]+$/u.test(name) || months.get(name)?.full === true) continue
    months.set(name, { number, full: options.month === 'long' })
  }
}

/** Hebrew writes "in" onto the month. */
const attachedIn = /^ב/

/** What month a word names, if any. */
export function monthOf(word: string): Month | null {
  const folded = fold(word)
  return months.get(folded) ?? months.get(folded.replace(attachedIn, '')) ?? null
}
