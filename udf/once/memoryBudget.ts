/** Something that can move what it holds in memory to disk. */
export interface Spillable {
  /** Bytes that could be moved. */
  readonly spillable: number
  /** Moves a part of it; there is something. */
  spill(): void
}

/** Bytes that one run may keep in memory to remember results: five eighths of them for the index, the rest for results. */
export class MemoryBudget {
  readonly #limit: number
  readonly #spillables = new Set<Spillable>()
  #indexBytes = 0
  #resultBytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether an index may grow by so many bytes. */
  hasRoomForIndex(bytes: number): boolean {
    return this.#indexBytes + bytes <= this.#limit * indexShare
  }

  countIndex(bytes: number): void {
    this.#indexBytes += bytes
  }

  add(spillable: Spillable): void {
    this.#spillables.add(spillable)
  }

  remove(spillable: Spillable): void {
    this.#spillables.delete(spillable)
    this.#resultBytes -= spillable.spillable
  }

  /** Counts results that were added or, below 0, went away, and makes room: what holds most moves to disk first. */
  countResults(bytes: number): void {
    this.#resultBytes += bytes
    while (this.#resultBytes + this.#indexBytes > this.#limit) {
      let largest: Spillable | null = null
      for (const each of this.#spillables) {
        if (each.spillable > (largest?.spillable ?? 0)) largest = each
      }
      if (largest === null) return
      largest.spill()
    }
  }
}

const indexShare = 5 / 8
