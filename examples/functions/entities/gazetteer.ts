import { fold, stem } from './fold.ts'
import { endsWord, type Passage, type Word } from './passage.ts'

export interface Found {
  readonly start: number
  readonly end: number
}

/** Thai, Chinese characters and Japanese syllables: names are looked for at every character. */
const unspaced = /^[\u0e00-\u0e7f\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff]/
const hangul = /^[\uac00-\ud7af]/
const particle =
  /^(?:에서|에게|에|의|은|는|이|가|을|를|와|과|로|으로|까지|부터|도|만|행|발|시|산|씨|님|역|점)?$/
const firstWord = /^[\p{L}\p{M}\p{Nd}]+(?:['’-]\p{L}[\p{L}\p{M}]*)*/u
const joint = /['’-]/
/** Arabic and Hebrew write "and", "in", "to", "from" and "the" onto the next word. */
const attached = /^[وبلفכבלמהוש][\u0590-\u06ff]{2,}/

/**
 * Known names, of which it finds the longest one that begins at a place. That takes time by the lengths of the names that share a
 * beginning, never by the length of the text. Letter case is ignored: the words of a passage are capitalised.
 */
export class Gazetteer {
  readonly #names = new Set<string>()
  readonly #stems = new Set<string>()
  /** First word, or first two characters where words are not parted → lengths of the names that begin so, longest first. */
  readonly #lengths = new Map<string, number[]>()

  constructor(names: Iterable<string>) {
    for (const name of names) this.#add(name)
    for (const lengths of this.#lengths.values()) lengths.sort((a, b) => b - a)
  }

  #add(name: string): void {
    const folded = fold(name)
    const byCharacter = unspaced.test(folded) || hangul.test(folded)
    const head = byCharacter ? folded.slice(0, 2) : firstWord.exec(folded)?.[0]
    if (head === undefined || this.#names.has(folded)) return
    this.#names.add(folded)
    const lengths = this.#lengths.get(head) ?? []
    if (!lengths.includes(name.length)) lengths.push(name.length)
    this.#lengths.set(head, lengths)
    const stemmed = head === folded ? stem(folded) : null
    if (stemmed !== null) this.#stems.add(stemmed)
  }

  has(folded: string): boolean {
    return this.#names.has(folded)
  }

  /** Every name in a passage that is not inside another one. */
  findAll(passage: Passage): Found[] {
    const found: Found[] = []
    let end = 0
    for (const word of passage.words) {
      const here = word.start < end ? null : this.find(passage.text, word)
      if (here === null) continue
      found.push(here)
      end = here.end
    }
    return passage.eastern ? [...found, ...this.findUnspaced(passage.text)] : found
  }

  /** The longest name that begins with this word, with its part before a hyphen or an apostrophe, or after an attached letter. */
  find(text: string, word: Word): Found | null {
    const { start, folded } = word
    if (hangul.test(folded)) return this.#findHangul(text, word)
    const whole = this.#endOf(text, start, folded)
    if (whole !== null) return { start, end: whole }
    const jointAt = folded.search(joint)
    const part = jointAt > 0 ? this.#endOf(text, start, folded.slice(0, jointAt)) : null
    if (part !== null) return { start, end: part }
    const stemmed = stem(folded)
    if (stemmed !== null) return this.#stems.has(stemmed) ? { start, end: word.end } : null
    if (!attached.test(folded)) return null
    const end = this.#endOf(text, start + 1, folded.slice(1))
    return end === null ? null : { start: start + 1, end }
  }

  /** The end of the longest name at an offset of a script that does not part its words. */
  endAt(text: string, offset: number): number | null {
    for (const length of this.#lengths.get(text.slice(offset, offset + 2)) ?? []) {
      const end = offset + length
      if (end <= text.length && this.#names.has(text.slice(offset, end))) return end
    }
    return this.#names.has(text.charAt(offset)) ? offset + 1 : null
  }

  /** Every name in scripts that do not part their words, at whatever character it begins. */
  findUnspaced(text: string): Found[] {
    const found: Found[] = []
    for (let start = 0; start < text.length; ) {
      const end = unspaced.test(text.charAt(start)) ? this.endAt(text, start) : null
      if (end !== null) found.push({ start, end })
      start = end ?? start + 1
    }
    return found
  }

  #findHangul(text: string, { start, end }: Word): Found | null {
    for (const length of this.#lengths.get(text.slice(start, start + 2)) ?? []) {
      const nameEnd = start + length
      if (nameEnd > text.length || !this.#names.has(text.slice(start, nameEnd))) continue
      if (nameEnd > end || particle.test(text.slice(nameEnd, end))) return { start, end: nameEnd }
    }
    return null
  }

  #endOf(text: string, start: number, head: string): number | null {
    for (const length of this.#lengths.get(head) ?? []) {
      const end = start + length
      if (end > text.length) continue
      if (endsWord(text, end) && this.#names.has(fold(text.slice(start, end)))) return end
    }
    return null
  }
}
