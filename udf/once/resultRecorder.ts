import type { ResultKey } from '../../catalog/store/stateStore.ts'
import type { ColumnData } from '../../src/arrow/column.ts'
import { concatColumns } from '../../src/arrow/columns.ts'
import type { OnceCall } from './onceCall.ts'

interface Finished {
  readonly keys: readonly ResultKey[]
  readonly column: ColumnData
}

/** Keeps the results of a batch's calls as they are done; those that come while others are written are written together. */
export class ResultRecorder {
  readonly #call: OnceCall
  #waiting: Finished[] = []
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(call: OnceCall) {
    this.#call = call
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
    const { stored, registered, context, isCached } = this.#call
    if (stored === null) return
    const { signature } = registered
    const keys = finished.flatMap((each) => each.keys)
    const column = concatColumns(
      signature.output,
      finished.map((each) => each.column),
    )
    const { journal } = context.run
    const call = { signature, context }
    if (journal !== null) await stored.keep(call, keys, column, journal)
    if (isCached) await stored.keep(call, keys, column, null)
  }
}
