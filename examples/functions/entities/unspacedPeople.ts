import type { Span } from './entity.ts'
import { Gazetteer } from './gazetteer.ts'
import type { Passage } from './passage.ts'
import { familyNames, givenNames } from './worldNames.ts'

const ideographs = /^[\u3005\u3400-\u9fff]/
const eastern = /^[\u3005-\u30ff\u3400-\u9fff]/
const thai = /^[\u0e00-\u0e7f]/
const hangul = /^[\uac00-\ud7af]/

const families = new Gazetteer(familyNames().filter((name) => ideographs.test(name)))
const givens = new Gazetteer(givenNames().filter((name) => eastern.test(name)))
const thaiFamilies = new Gazetteer(familyNames().filter((name) => thai.test(name)))
const thaiGivens = new Gazetteer(givenNames().filter((name) => thai.test(name) && name.length > 3))
const koreanFamilies = new Set(familyNames().filter((name) => hangul.test(name)))
const koreanGivens = new Set(givenNames().filter((name) => hangul.test(name)))

/** After a family name alone: Mr, Ms, and the like. */
const honorific = /(?:さん|様|さま|氏|先生|君|女士|小姐|太太|经理|老师)/y
const koreanName =
  /^([\uac00-\ud7af]{1,2}?)([\uac00-\ud7af]{2})(?:님|씨)?(?:에게서|에게|께서|께|의|와|과)?(?:은|는|이|가|을|를|도|만)?$/
const thaiTitle =
  /(?:นางสาว|น\.ส\.|(?<!ท)นาย|(?<![\u0e00-\u0e7f])(?:นาง|คุณ|ดร\.)) ?([\u0e00-\u0e7f]{2,20}(?: [\u0e00-\u0e7f]{2,24})?)/g

/** People in scripts that write a name without a space, or words without one. */
export function findUnspacedPeople(passage: Passage): Span[] {
  return [...findEastern(passage.text), ...findKorean(passage), ...findThai(passage.text)]
}

function findEastern(text: string): Span[] {
  const spans: Span[] = []
  for (let start = 0; start < text.length; start++) {
    if (!ideographs.test(text.charAt(start))) continue
    const end = easternNameEnd(text, start)
    if (end === null) continue
    spans.push({ kind: 'person', start, end })
    start = end - 1
  }
  return spans
}

function easternNameEnd(text: string, start: number): number | null {
  const familyEnd = families.endAt(text, start)
  if (familyEnd === null) return null
  const spaces = /[ \u3000・]/.test(text.charAt(familyEnd)) ? 1 : 0
  const givenEnd = givens.endAt(text, familyEnd + spaces)
  // Two characters are as often a word as a name, unless they stand alone.
  const isWord = givenEnd === start + 2 && ideographs.test(text.charAt(givenEnd))
  if (givenEnd !== null && !isWord) return givenEnd
  honorific.lastIndex = familyEnd
  return honorific.test(text) ? familyEnd : null
}

function findKorean({ words }: Passage): Span[] {
  return words.flatMap(({ start, text }): Span[] => {
    const [, family = '', given = ''] = koreanName.exec(text) ?? []
    if (!koreanFamilies.has(family) || !koreanGivens.has(given)) return []
    return [{ kind: 'person', start, end: start + family.length + given.length }]
  })
}

function findThai(text: string): Span[] {
  const spans: Span[] = []
  for (const { index, 0: found, 1: name = '' } of text.matchAll(thaiTitle)) {
    const end = index + found.length
    spans.push({ kind: 'person', start: end - name.length, end })
  }
  for (const { start, end } of thaiGivens.findUnspaced(text)) {
    const last = text[end] === ' ' ? thaiFamilies.endAt(text, end + 1) : null
    if (last !== null) spans.push({ kind: 'person', start, end: last })
  }
  return spans
}
