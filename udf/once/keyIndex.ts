import { type KeyRun, mergeRuns, writeRun } from './keyRun.ts'
import { KeyTable } from './keyTable.ts'
import type { MemoryBudget } from './memoryBudget.ts'

const firstCapacity = 64
/** Slots that a table may have whatever the budget says: smaller runs would not be worth a file. */
const leastCapacity = 1 << 15

/** Numbers by 128-bit keys, any number of them: the latest in a table, the others in sorted runs on disk. */
export class KeyIndex {
  readonly #budget: MemoryBudget
  readonly #leastCapacity: number
  readonly #table = new KeyTable(firstCapacity)
  /** The largest first. */
  #runs: readonly KeyRun[] = []
  #merging: Promise<void> | null = null
  #isClosed = false

  constructor(budget: MemoryBudget, least: number = leastCapacity) {
    this.#budget = budget
    this.#leastCapacity = least
    budget.countIndex(firstCapacity * KeyTable.slotBytes)
  }

  /** -1 for a key that is not there. */
  find(keys: Uint32Array, at: number): number {
    const number = this.#table.find(keys, at)
    if (number !== -1) return number
    for (const run of this.#runs) {
      const kept = run.find(keys, at)
      if (kept !== -1) return kept
    }
    return -1
  }

  /** Keeps a number for a key that is not there. */
  add(keys: Uint32Array, at: number, number: number): void {
    if (this.#table.isFull) this.#makeRoom()
    this.#table.add(keys, at, number)
  }

  /** Waits until no work goes on, and gives back files and memory. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#merging
    for (const run of this.#runs) run.close()
    this.#runs = []
  }

  #makeRoom(): void {
    const { capacity } = this.#table
    const more = Math.ceil(capacity / 2)
    const bytes = more * KeyTable.slotBytes
    if (this.#budget.hasRoomForIndex(bytes) || capacity < this.#leastCapacity) {
      this.#table.grow(capacity + more)
      this.#budget.countIndex(bytes)
      return
    }
    const run = writeRun(this.#table)
    this.#table.clear()
    this.#budget.countIndex(run.bytes)
    this.#runs = [...this.#runs, run]
    this.#merging ??= this.#mergeRuns().finally(() => {
      this.#merging = null
    })
  }

  /** Keeps each run at least twice as large as the next, so that there are few. */
  async #mergeRuns(): Promise<void> {
    for (;;) {
      const at = this.#runs.findIndex(({ size }, index) => size < 2 * (this.#runs[index + 1]?.size ?? 0))
      const left = this.#runs[at]
      const right = this.#runs[at + 1]
      if (left === undefined || right === undefined) return
      const merged = await mergeRuns(left, right, () => !this.#isClosed)
      if (merged === null) return
      this.#runs = this.#runs.flatMap((run) => (run === left ? [merged] : run === right ? [] : [run]))
      this.#budget.countIndex(merged.bytes - left.bytes - right.bytes)
      left.close()
      right.close()
    }
  }
}
