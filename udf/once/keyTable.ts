import { keyWords } from '../../src/arrow/rowKeys.ts'

/** Words in which a key's place of home is found: they are as good as random. */
const wordRange = 2 ** 32
const fullAt = 0.8

/**
 * Numbers by 128-bit keys, in typed arrays: open addressing, in which a key's home is its share of the slots. Slots in order
 * therefore hold the keys nearly in order, which is what makes sorted runs of them cheap.
 */
export class KeyTable {
  /** Bytes that a slot takes. */
  static readonly slotBytes: number = keyWords * 4 + 4
  /** The largest number that can be kept. */
  static readonly maxNumber: number = 2 ** 32 - 2

  #keys: Uint32Array
  /** The number plus 1; 0 marks a free slot. */
  #numbers: Uint32Array
  #capacity: number
  #size = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#keys = new Uint32Array(slotsOf(capacity) * keyWords)
    this.#numbers = new Uint32Array(slotsOf(capacity))
  }

  get size(): number {
    return this.#size
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Whether it should grow before it takes another key. */
  get isFull(): boolean {
    return this.#size >= this.#capacity * fullAt
  }

  /** What is kept for the key that lies at this place of `keys`; -1 for none. */
  find(keys: Uint32Array, at: number): number {
    return this.#numbers[this.#slotOf(keys, at)]! - 1
  }

  /** Keeps a number for a key, in place of the one that it has. */
  set(keys: Uint32Array, at: number, number: number): void {
    let slot = this.#slotOf(keys, at)
    // Its own last slots are left free, so that a search ends there.
    while (slot >= this.#numbers.length - 1) {
      this.grow(this.#capacity * 2)
      slot = this.#slotOf(keys, at)
    }
    if (this.#numbers[slot] === 0) this.#size++
    for (let word = 0; word < keyWords; word++) this.#keys[slot * keyWords + word] = keys[at + word]!
    this.#numbers[slot] = number + 1
  }

  /** Forgets a key that is there. */
  delete(keys: Uint32Array, at: number): void {
    let hole = this.#slotOf(keys, at)
    if (this.#numbers[hole] === 0) return
    for (let slot = hole + 1; this.#numbers[slot] !== 0; slot++) {
      if (this.#homeOf(this.#keys[slot * keyWords]!) > hole) continue
      this.#keys.copyWithin(hole * keyWords, slot * keyWords, (slot + 1) * keyWords)
      this.#numbers[hole] = this.#numbers[slot]!
      hole = slot
    }
    this.#numbers[hole] = 0
    this.#size--
  }

  grow(capacity: number): void {
    const grown = new KeyTable(capacity)
    for (let slot = 0; slot < this.#numbers.length; slot++) {
      const number = this.#numbers[slot]! - 1
      if (number >= 0) grown.set(this.#keys, slot * keyWords, number)
    }
    this.#keys = grown.#keys
    this.#numbers = grown.#numbers
    this.#capacity = grown.#capacity
  }

  clear(): void {
    this.#numbers.fill(0)
    this.#size = 0
  }

  /** Visits the keys in ascending order, those of a cluster of slots at a time. */
  visitSorted(visit: (keys: Uint32Array, at: number, number: number) => void): void {
    const cluster: number[] = []
    for (let slot = 0; slot < this.#numbers.length; slot++) {
      if (this.#numbers[slot] !== 0) {
        cluster.push(slot)
        continue
      }
      if (cluster.length > 1) {
        cluster.sort((a, b) => compareKeys(this.#keys, a * keyWords, this.#keys, b * keyWords))
      }
      for (const full of cluster) visit(this.#keys, full * keyWords, this.#numbers[full]! - 1)
      cluster.length = 0
    }
  }

  #homeOf(firstWord: number): number {
    return Math.floor((firstWord / wordRange) * this.#capacity)
  }

  /** The slot of the key, or the free one where it belongs. */
  #slotOf(keys: Uint32Array, at: number): number {
    const table = this.#keys
    const numbers = this.#numbers
    const first = keys[at]!
    const second = keys[at + 1]!
    const third = keys[at + 2]!
    const fourth = keys[at + 3]!
    let slot = this.#homeOf(first)
    for (; numbers[slot] !== 0; slot++) {
      const place = slot * keyWords
      if (
        table[place] === first &&
        table[place + 1] === second &&
        table[place + 2] === third &&
        table[place + 3] === fourth
      ) {
        break
      }
    }
    return slot
  }
}

/** Below 0 if the first key comes before the second. */
export function compareKeys(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let word = 0; word < keyWords; word++) {
    const left = a[atA + word]!
    const right = b[atB + word]!
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

/** Slots behind the last home, for keys that found theirs taken: nothing goes round to the front, which keeps the order. */
function slotsOf(capacity: number): number {
  return capacity + 64
}
