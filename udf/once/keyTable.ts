import { keyWords } from '../../src/arrow/rowKeys.ts'

/** Words in which a key's place of home is found: they are as good as random. */
const wordRange = 2 ** 32
const fullAt = 0.8
/** Slots behind the last home, for keys that found theirs taken: nothing goes round to the front, which keeps the order. */
const spareSlots = 64
/** A key, and its number plus 1, or 0 for a free slot: side by side, because each slot that is looked at costs a wait for memory. */
const slotWords = keyWords + 1

/**
 * Numbers by 128-bit keys, in typed arrays: open addressing, in which a key's home is its share of the slots. Slots in order
 * therefore hold the keys nearly in order, which is what makes sorted runs of them cheap.
 */
export class KeyTable {
  /** Bytes that a slot takes. */
  static readonly slotBytes: number = slotWords * 4
  /** The largest number that can be kept. */
  static readonly maxNumber: number = 2 ** 32 - 2

  #slots: Uint32Array
  #capacity: number
  #size = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#slots = new Uint32Array((capacity + spareSlots) * slotWords)
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
    return this.#slots[this.#slotOf(keys, at) + keyWords]! - 1
  }

  /** Keeps a number for a key, in place of the one that it has. */
  set(keys: Uint32Array, at: number, number: number): void {
    let slot = this.#slotOf(keys, at)
    // The last slot is left free, so that every search ends.
    while (slot >= this.#slots.length - slotWords) {
      this.grow(this.#capacity * 2)
      slot = this.#slotOf(keys, at)
    }
    const slots = this.#slots
    if (slots[slot + keyWords] === 0) this.#size++
    for (let word = 0; word < keyWords; word++) slots[slot + word] = keys[at + word]!
    slots[slot + keyWords] = number + 1
  }

  /** Forgets a key; answers the number that it had, or -1. */
  delete(keys: Uint32Array, at: number): number {
    const slots = this.#slots
    let hole = this.#slotOf(keys, at)
    const number = slots[hole + keyWords]! - 1
    if (number === -1) return number
    for (let slot = hole + slotWords; slots[slot + keyWords] !== 0; slot += slotWords) {
      if (this.#homeOf(slots[slot]!) > hole) continue
      slots.copyWithin(hole, slot, slot + slotWords)
      hole = slot
    }
    slots[hole + keyWords] = 0
    this.#size--
    return number
  }

  grow(capacity: number): void {
    const grown = new KeyTable(capacity)
    const slots = this.#slots
    for (let slot = 0; slot < slots.length; slot += slotWords) {
      const number = slots[slot + keyWords]! - 1
      if (number >= 0) grown.set(slots, slot, number)
    }
    this.#slots = grown.#slots
    this.#capacity = grown.#capacity
  }

  clear(): void {
    this.#slots.fill(0)
    this.#size = 0
  }

  /** Visits the keys in ascending order, those of a cluster of slots at a time. */
  visitSorted(visit: (keys: Uint32Array, at: number, number: number) => void): void {
    const slots = this.#slots
    const cluster: number[] = []
    for (let slot = 0; slot < slots.length; slot += slotWords) {
      if (slots[slot + keyWords] !== 0) {
        cluster.push(slot)
        continue
      }
      if (cluster.length > 1) cluster.sort((a, b) => compareKeys(slots, a, slots, b))
      for (const full of cluster) visit(slots, full, slots[full + keyWords]! - 1)
      cluster.length = 0
    }
  }

  /** Where in the slots a key with this first word belongs. */
  #homeOf(firstWord: number): number {
    return Math.floor((firstWord / wordRange) * this.#capacity) * slotWords
  }

  /** Where the slot of the key lies, or the free one where it belongs. */
  #slotOf(keys: Uint32Array, at: number): number {
    const slots = this.#slots
    const first = keys[at]!
    let slot = this.#homeOf(first)
    for (; slots[slot + keyWords] !== 0; slot += slotWords) {
      if (
        slots[slot] === first &&
        slots[slot + 1] === keys[at + 1] &&
        slots[slot + 2] === keys[at + 2] &&
        slots[slot + 3] === keys[at + 3]
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
