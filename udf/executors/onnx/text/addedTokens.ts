import { countIn, type Json, textIn } from './tokenizerFile.ts'
import type { TokenEncoder, TokenList } from './tokenList.ts'

/** Finds tokens that stand in a text by their names, such as `[MASK]`, and leaves what is between them to another encoder. */
export class AddedTokens implements TokenEncoder {
  readonly #ids = new Map<string, number>()
  /** The longest name comes first. Null where there are none. */
  readonly #pattern: RegExp | null
  readonly #between: TokenEncoder

  constructor(tokens: readonly Json[], between: TokenEncoder) {
    for (const token of tokens) {
      const content = textIn(token, 'content') ?? ''
      const id = countIn(token, 'id')
      if (content !== '' && id !== null) this.#ids.set(content, id)
    }
    const names = [...this.#ids.keys()].toSorted((a, b) => b.length - a.length)
    const escaped = names.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`))
    this.#pattern = names.length === 0 ? null : new RegExp(escaped.join('|'), 'g')
    this.#between = between
  }

  encode(text: string, into: TokenList, limit: number): void {
    if (this.#pattern === null || text.search(this.#pattern) < 0)
      return this.#between.encode(text, into, limit)
    const full = into.length + limit
    let from = 0
    for (const { 0: name, index } of text.matchAll(this.#pattern)) {
      this.#between.encode(text.slice(from, index), into, full - into.length)
      into.push(this.#ids.get(name)!)
      from = index + name.length
      if (into.length >= full) return
    }
    this.#between.encode(text.slice(from), into, full - into.length)
  }
}
