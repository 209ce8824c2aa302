/** A list of token ids that grows. */
export class TokenList {
  /** How many there are; less takes the last ones away. */
  length = 0
  #ids = new Int32Array(1024)

  push(id: number): void {
    if (this.length === this.#ids.length) this.#reserve(1)
    this.#ids[this.length++] = id
  }

  append(ids: ArrayLike<number>): void {
    this.#reserve(ids.length)
    this.#ids.set(ids, this.length)
    this.length += ids.length
  }

  /** Takes the ids [from, to) away; the later ones follow up. */
  remove(from: number, to: number): void {
    this.#ids.copyWithin(from, to, this.length)
    this.length -= to - from
  }

  /** The ids so far, over the list's own memory. */
  view(): Int32Array {
    return this.#ids.subarray(0, this.length)
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.#ids.length) return
    const larger = new Int32Array(Math.max(needed, this.#ids.length * 2))
    larger.set(this.#ids)
    this.#ids = larger
  }
}

/** Makes token ids of texts. */
export interface TokenEncoder {
  /**
   * Appends the ids of a text, without the special tokens that a model wants around it. `limit`: once the first so many are
   * there, the rest of the text need not be looked at.
   */
  encode(text: string, into: TokenList, limit: number): void
}
