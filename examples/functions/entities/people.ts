import { commonWords } from './english.ts'
import type { Recogniser, Span } from './entity.ts'
import { adjoins, type Passage, type Word } from './passage.ts'
import { isFamiliar, isFamily, isGiven, isSurelyGiven } from './personNames.ts'
import { placeNames } from './placeNames.ts'
import { findUnspacedPeople } from './unspacedPeople.ts'

const titles = new Set(
  (
    'mr mrs ms miss dr prof professor sir lady herr frau mme mlle monsieur madame señor señora sr sra signor signora sig dhr mevr pan pani ' +
    'hr fr fru bay bayan г-н г-жа господин госпожа пан пані д-р κ κα κυρία κύριος السيد السيدة الدكتور الأستاذ מר גברת ד״ר श्री श्रीमती डॉ'
  ).split(' '),
)
const longestTitle = 11

const particles =
  /^ (?:(?:van|von|der|den|de|del|della|di|da|dos|das|do|du|le|la|las|los|bin|bint|ibn|ben|al|el|ter|ten|zu|zur|af|av|y|e|i|бен|بن|بنت|ابن|בן|בת) ){1,3}$/
const longestParticles = 14
const mostWords = 5

/** Whether a script has capitals: where it has none, an unknown word is no sign of a name. */
const cased = /^[\p{Lu}\p{Lt}]/u
const beyondAscii = /[^\0-\x7f]/
/** Arabic and Hebrew write "and", "to", "from" onto a name. */
const attached = /^[وبلفכבלמהוש](?=[\u0590-\u06ff]{2})/

/** People by given and family names, in either order, or by a title before a name. */
export const findPeople: Recogniser = (passage) => {
  const spans: Span[] = []
  for (let at = 0; at < passage.words.length; at++) {
    const name = nameAt(passage, at)
    const [first, last] = [name[0], name.at(-1)]
    if (first === undefined || last === undefined) continue
    spans.push({ kind: 'person', start: first.start, end: last.end })
    at += name.length - 1
  }
  return passage.eastern ? [...spans, ...findUnspacedPeople(passage)] : spans
}

/** The words of the name that begins with a word; none if no name does. */
function nameAt(passage: Passage, at: number): Word[] {
  const whole = passage.words[at]
  if (whole === undefined) return []
  const first = withoutAttached(whole)
  const givenFirst = isGiven(first.folded)
  const familyFirst = !isCommon(first) && isFamily(first.folded)
  if (isTitled(passage.text, first)) return isCommon(first) ? [] : [first, ...wordsAfter(passage, at)]
  if (!givenFirst && !familyFirst) return []
  const name = [first, ...wordsAfter(passage, at)]
  const [, second] = name
  const last = name.at(-1) ?? first
  if (second === undefined) return isFamiliar(first.folded) && !isShouted(first) ? name : []
  if (givenFirst) {
    const lastIsKnown = isFamily(last.folded) || (isGiven(last.folded) && !isCommon(last))
    if (isSurelyGiven(first.folded) || lastIsKnown) return name
  }
  // Family name first, as in Hungary, Vietnam and many lists.
  const surely = isSurelyGiven(second.folded) || (isGiven(second.folded) && beyondAscii.test(first.folded))
  return familyFirst && surely ? name : []
}

/** The words that go on with a name: known names, initials, and at most one word that is not known. */
function wordsAfter(passage: Passage, at: number): Word[] {
  const { text, words } = passage
  const found: Word[] = []
  let unknown = 0
  for (let index = at + 1; index < words.length && found.length < mostWords - 1; index++) {
    const [before, word] = [words[index - 1], words[index]]
    if (before === undefined || word === undefined || !isJoined(text, before, word)) break
    if (isInitial(word) && text[word.end] === '.') found.push({ ...word, end: word.end + 1 })
    else if (isKnown(word)) found.push(word)
    else if (unknown++ === 0 && isPossible(word)) found.push(word)
    else break
  }
  return found
}

function isJoined(text: string, left: Word, right: Word): boolean {
  if (adjoins(text, left, right)) return true
  const gap = right.start - left.end
  return gap > 2 && gap <= longestParticles && particles.test(text.slice(left.end, right.start))
}

function isKnown(word: Word): boolean {
  const isPlace = placeNames.has(word.folded)
  if (isFamily(word.folded)) return !isPlace || !isCommon(word)
  return !isPlace && isGiven(word.folded) && !isCommon(word)
}

/** A capitalised word that could be a family name, for all we know. */
function isPossible(word: Word): boolean {
  const { text, folded } = word
  return text.length > 1 && cased.test(text) && !isShouted(word) && !isCommon(word) && !placeNames.has(folded)
}

function isCommon({ folded }: Word): boolean {
  return commonWords.has(folded)
}

function isInitial({ text }: Word): boolean {
  return text.length === 1 && cased.test(text)
}

/** `SMITH`: in capitals throughout, as acronyms are. */
function isShouted({ text }: Word): boolean {
  return text.length > 1 && cased.test(text) && text === text.toUpperCase()
}

function isTitled(text: string, { start }: Word): boolean {
  if (text[start - 1] !== ' ') return false
  const before = text.slice(Math.max(0, start - longestTitle), start - 1)
  const last = before.slice(before.lastIndexOf(' ') + 1).toLowerCase()
  return titles.has(last.replace(/^[("'«„“]/, '').replace(/\.$/, ''))
}

function withoutAttached(word: Word): Word {
  if (isGiven(word.folded) || !attached.test(word.folded) || !isGiven(word.folded.slice(1))) return word
  return { start: word.start + 1, end: word.end, text: word.text.slice(1), folded: word.folded.slice(1) }
}
