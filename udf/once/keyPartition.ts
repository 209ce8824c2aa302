import { type KeyRun, mergeRuns, writeRun } from './keyRun.ts'
import { KeyTable } from './keyTable.ts'
import type { MemoryBudget } from './memoryBudget.ts'

const firstCapacity = 16
/** Beyond it, or where memory is short, a table no longer doubles but grows by a quarter, so that less lies idle. */
const largeCapacity = 1 << 17

/** Numbers by key: the latest in a table, those for which there is no memory in sorted runs on disk. */
export class KeyPartition {
  readonly #budget: MemoryBudget
  readonly #leastCapacity: number
  #table: KeyTable | null = null
  /** The oldest first. */
  #runs: readonly KeyRun[] = []
  #merging: Promise<void> | null = null
  #isClosed = false

  constructor(budget: MemoryBudget, leastCapacity: number) {
    this.#budget = budget
    this.#leastCapacity = leastCapacity
  }

  find(keys: Uint32Array, at: number): number {
    const number = this.#table?.find(keys, at) ?? -1
    if (number !== -1) return number
    for (let newest = this.#runs.length - 1; newest >= 0; newest--) {
      const kept = this.#runs[newest]!.find(keys, at)
      if (kept !== -1) return kept
    }
    return -1
  }

  add(keys: Uint32Array, at: number, number: number): void {
    if (this.#table === null) {
      this.#table = new KeyTable(firstCapacity)
      this.#budget.countIndex(firstCapacity * KeyTable.slotBytes)
    }
    if (this.#table.isFull) this.#makeRoom(this.#table)
    this.#table.set(keys, at, number)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#merging
    for (const run of this.#runs) run.close()
    this.#runs = []
    this.#table = null
  }

  #makeRoom(table: KeyTable): void {
    const { capacity } = table
    const doubled = capacity < largeCapacity ? [capacity] : []
    for (const more of [...doubled, Math.ceil(capacity / 4)]) {
      const bytes = more * KeyTable.slotBytes
      if (!this.#budget.hasRoomForIndex(bytes) && capacity >= this.#leastCapacity) continue
      table.grow(capacity + more)
      this.#budget.countIndex(bytes)
      return
    }
    const run = writeRun(table)
    table.clear()
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
