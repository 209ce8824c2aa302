import { isDigit } from './digits.ts'
import { fold } from './fold.ts'

/** A word that may be part of a name: capitalised, or of a script that has no capitals. */
export interface Word {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly folded: string
}

/** A text, read once for all recognisers. */
export interface Passage {
  readonly text: string
  readonly words: readonly Word[]
  /** Where runs of digits begin, unless inside a word; one `v` may come before them. */
  readonly numbers: readonly number[]
  /** Whether it holds Thai, Chinese, Japanese or Korean, which part words otherwise or not at all. */
  readonly eastern: boolean
}

/** Scripts without capitals that put spaces between words. */
const uncased = ['Arabic', 'Hebrew', 'Devanagari', 'Bengali', 'Tamil', 'Georgian', 'Hangul']
  .map((script) => `\\p{Script=${script}}`)
  .join('')
const asciiName = /[A-Z][A-Za-z0-9]*(?:['-][A-Za-z]+)*/y
const anyName = new RegExp(
  `(?=\\p{L})[\\p{Lu}\\p{Lt}${uncased}][\\p{L}\\p{M}\\p{Nd}\\u200c]*(?:['’-]\\p{L}[\\p{L}\\p{M}]*)*`,
  'uy',
)
const asciiWord = /[A-Za-z0-9_]+/y
const anyWord = /[\p{L}\p{M}_]+/uy
const easternCharacter = /[\u0e00-\u0e7f\u3005-\u9fff\uac00-\ud7af\uf900-\ufaff]/

/**
 * One pass over the characters: patterns that look for words and numbers by themselves try every place, and take ten times as long
 * where a text is not ASCII throughout.
 */
export function readPassage(text: string): Passage {
  const words: Word[] = []
  const numbers: number[] = []
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at)
    const afterV = code === 118 /* v */ ? at + 1 : at
    if (isDigit(text.charCodeAt(afterV))) {
      numbers.push(afterV)
      const end = endOfDigits(text, afterV)
      at = endOf(asciiWord, text, end) ?? end
      continue
    }
    if (isAsciiSeparator(code)) {
      at++
      continue
    }
    const end = endOfName(text, at, code)
    if (end !== null) words.push(wordBetween(text, at, withoutPossessive(text, end)))
    at = end ?? endOfWord(text, at)
  }
  return { text, words, numbers, eastern: easternCharacter.test(text) }
}

/** `Ada's` names Ada. */
function withoutPossessive(text: string, end: number): number {
  const apostrophe = text.charCodeAt(end - 2)
  const isPossessive =
    text.charCodeAt(end - 1) === 115 /* s */ && (apostrophe === 39 || apostrophe === 0x2019)
  return isPossessive ? end - 2 : end
}

function wordBetween(text: string, start: number, end: number): Word {
  const word = text.slice(start, end)
  return { start, end, text: word, folded: fold(word) }
}

/** The end of a word that may be part of a name; null for another one, which is passed over. */
function endOfName(text: string, start: number, code: number): number | null {
  if (code >= 128) return endOf(anyName, text, start)
  const end = endOf(asciiName, text, start)
  const goesOn = end !== null && text.charCodeAt(end) >= 128
  return goesOn ? endOf(anyName, text, start) : end
}

function endOfWord(text: string, start: number): number {
  const ascii = endOf(asciiWord, text, start) ?? start
  const end = text.charCodeAt(ascii) >= 128 ? (endOf(anyWord, text, ascii) ?? ascii) : ascii
  return Math.max(end, start + 1)
}

function endOfDigits(text: string, start: number): number {
  let end = start
  while (isDigit(text.charCodeAt(end))) end++
  return end
}

function isAsciiSeparator(code: number): boolean {
  return code < 65 || (code > 90 && code < 97 && code !== 95) || (code > 122 && code < 128)
}

/** Where a sticky pattern ends that matches at an offset; null if it does not, or matches nothing. */
export function endOf(pattern: RegExp, text: string, offset: number): number | null {
  pattern.lastIndex = offset
  return pattern.test(text) && pattern.lastIndex > offset ? pattern.lastIndex : null
}

const wordCharacter = /[\p{L}\p{M}\p{Nd}_]/uy

/** Whether no word goes on at this offset. */
export function endsWord(text: string, offset: number): boolean {
  return endOf(wordCharacter, text, offset) === null
}

/** Whether a single space parts two words, or the point of an initial and a space. */
export function adjoins(text: string, left: Word, right: Word): boolean {
  const gap = right.start - left.end
  if (gap === 1) return isSpace(text, left.end)
  return gap === 2 && left.text.length === 1 && text[left.end] === '.' && isSpace(text, left.end + 1)
}

function isSpace(text: string, offset: number): boolean {
  return text[offset] === ' ' || text[offset] === '\u00a0'
}
