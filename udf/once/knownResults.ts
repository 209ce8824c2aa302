import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { ColumnData } from '../../src/arrow/column.ts'
import type { ScatterPart } from '../../src/arrow/columns.ts'
import { KeyIndex } from './keyIndex.ts'
import type { MemoryBudget } from './memoryBudget.ts'
import { ResultLog } from './resultLog.ts'

/** The results that a run has of one function. */
export class KnownResults {
  readonly #index: KeyIndex
  readonly #log: ResultLog
  #isClosed = false

  constructor({ signature }: RegisteredFunction, budget: MemoryBudget) {
    this.#index = new KeyIndex(budget)
    this.#log = new ResultLog(signature.output, budget)
  }

  /** The number of a result; -1 for a row whose result is not known. */
  find(keys: Uint32Array, at: number): number {
    return this.#isClosed ? -1 : this.#index.find(keys, at)
  }

  /** Keeps the results of rows that are not known; `places` says where in `keys` the key of each lies. */
  add(keys: Uint32Array, places: ArrayLike<number>, column: ColumnData): void {
    // A call may be done after its query has ended.
    if (this.#isClosed) return
    const first = this.#log.append(column)
    for (let row = 0; row < column.length; row++) this.#index.add(keys, places[row]!, first + row)
  }

  /** Results by their numbers, for these rows of a batch. */
  parts(rows: Int32Array, numbers: Float64Array): readonly ScatterPart[] {
    return this.#log.parts(rows, numbers)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#log.close()
    await this.#index.close()
  }
}
