const bitsPerKey = 10
const hashes = 7

/** Says of a key that it is not among those that were added, or that it may be: wrongly so for one in a hundred. */
export class BloomFilter {
  readonly #bits: Uint32Array
  readonly #size: number

  constructor(keys: number) {
    this.#bits = new Uint32Array(Math.ceil((keys * bitsPerKey) / 32) + 1)
    this.#size = this.#bits.length * 32
  }

  get bytes(): number {
    return this.#bits.byteLength
  }

  add(keys: Uint32Array, at: number): void {
    const step = keys[at + 3]! | 1
    let hash = keys[at + 2]!
    for (let k = 0; k < hashes; k++) {
      const bit = hash % this.#size
      this.#bits[bit >>> 5]! |= 1 << (bit & 31)
      hash = (hash + step) >>> 0
    }
  }

  mayHave(keys: Uint32Array, at: number): boolean {
    const step = keys[at + 3]! | 1
    let hash = keys[at + 2]!
    for (let k = 0; k < hashes; k++) {
      const bit = hash % this.#size
      if ((this.#bits[bit >>> 5]! & (1 << (bit & 31))) === 0) return false
      hash = (hash + step) >>> 0
    }
    return true
  }
}
