import { KeyPartition } from './keyPartition.ts'
import { KeyTable } from './keyTable.ts'
import type { MemoryBudget } from './memoryBudget.ts'

/** Parts that grow and move to disk by themselves, so that nothing else waits long for one. */
const partitions = 16

/** Numbers by 128-bit keys, any number of them: the latest in memory, the others on disk when memory is short. */
export class KeyIndex {
  readonly #partitions: readonly KeyPartition[]

  /** `leastCapacity`: slots that a part may have whatever the budget says. */
  constructor(budget: MemoryBudget, leastCapacity = 1 << 12) {
    this.#partitions = Array.from({ length: partitions }, () => new KeyPartition(budget, leastCapacity))
  }

  /** -1 for a key that is not there. */
  find(keys: Uint32Array, at: number): number {
    return this.#partitionOf(keys, at).find(keys, at)
  }

  /** Keeps a number for a key. Numbers above 2^32 - 2 are not kept: their rows will be called again. */
  add(keys: Uint32Array, at: number, number: number): void {
    if (number <= KeyTable.maxNumber) this.#partitionOf(keys, at).add(keys, at, number)
  }

  /** Waits until no work goes on, and gives back files and memory. */
  async close(): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => partition.close()))
  }

  /** By a word that finds no slots and no bits. */
  #partitionOf(keys: Uint32Array, at: number): KeyPartition {
    return this.#partitions[keys[at + 1]! % partitions]!
  }
}
