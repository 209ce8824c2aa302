import type { ResultKey } from '../../catalog/store/stateStore.ts'
import type { ColumnData } from '../../src/arrow/column.ts'
import { concatColumns } from '../../src/arrow/columns.ts'
import type { StoreCall, StoredResults } from './storedResults.ts'

interface Finished {
  readonly keys: readonly ResultKey[]
  readonly column: ColumnData
}

export interface RecorderOptions extends StoreCall {
  readonly stored: StoredResults
  /** The run in whose journal results are kept; null for the cache. */
  readonly run: string | null
}

/** Keeps the results of calls as they are done; those that come while others are written are written together. */
export class ResultRecorder {
  readonly #options: RecorderOptions
  #waiting: Finished[] = []
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** Resolves when the results are kept. */
  keep(keys: readonly ResultKey[], column: ColumnData): Promise<void> {
    this.#waiting.push({ keys, column })
    this.#next ??= this.#writing.then(() => {
      this.#next = null
      this.#writing = this.#write()
      return this.#writing
    })
    return this.#next
  }

  async #write(): Promise<void> {
    const finished = this.#waiting
    this.#waiting = []
    const { stored, run, ...call } = this.#options
    const keys = finished.flatMap((each) => each.keys)
    const column = concatColumns(
      call.signature.output,
      finished.map((each) => each.column),
    )
    await stored.keep(call, keys, column, run)
  }
}
