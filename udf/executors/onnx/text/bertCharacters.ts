import { decompose, isControl, isMark, isPunctuation } from './unicode8.ts'

/** What a tokenizer.json says of a BertNormalizer. */
export interface BertNormalization {
  /** Drops control characters; every white space is a space. */
  readonly cleanText: boolean
  /** Each ideograph is a word of its own. */
  readonly handleChineseChars: boolean
  readonly stripAccents: boolean
  readonly lowercase: boolean
}

/** What becomes of a character: parts of a word, words of their own, ends of words. */
export type CharacterPart =
  | { readonly kind: 'space' }
  /** Part of a word with its neighbours, or `alone`, a word by itself. */
  | { readonly kind: 'letter'; readonly code: number; readonly alone: boolean }

const space: CharacterPart = { kind: 'space' }

/** What BertNormalizer and BertPreTokenizer make of a character. They look at each one by itself. */
export function bertCharacter(code: number, how: BertNormalization): readonly CharacterPart[] {
  if (how.cleanText && isDropped(code)) return []
  if (isSpace(code)) return [space]
  const between = how.handleChineseChars && isIdeograph(code)
  const own = how.stripAccents ? codesOf(decompose(code)).filter((part) => !isMark(part)) : [code]
  // The reference lowers one character at a time: a sigma at the end of a word stays one in its midst.
  const parts = (how.lowercase ? own.flatMap(lowered) : own).map(partOf)
  return between ? [space, ...parts, space] : parts
}

function lowered(code: number): readonly number[] {
  return codesOf(String.fromCodePoint(code).toLowerCase())
}

function partOf(code: number): CharacterPart {
  return isSpace(code) ? space : { kind: 'letter', code, alone: isPunctuation(code) }
}

function isDropped(code: number): boolean {
  const isWhite = code === 0x09 || code === 0x0a || code === 0x0d
  return !isWhite && (code === 0 || code === 0xfffd || isControl(code))
}

function isSpace(code: number): boolean {
  return /^\p{White_Space}$/u.test(String.fromCodePoint(code))
}

/** Code points of a text. */
export function codesOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!)
}

/** As the reference has them: of extension E of CJK, it leaves the first 256 out. */
const ideographs: readonly (readonly [from: number, to: number])[] = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b73f],
  [0x2b740, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0x2f800, 0x2fa1f],
]

function isIdeograph(code: number): boolean {
  return ideographs.some(([from, to]) => code >= from && code <= to)
}
