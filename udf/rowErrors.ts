import type { RowError } from '../catalog/rowError.ts'
import { EngineError } from '../src/base/errors.ts'
import type { RowFailure } from './executor.ts'
import { type CallPlace, endsTheQuery, rowFailed, subjectOf } from './functionErrors.ts'

/** The rows of one call that failed, by their number among the called ones. */
export class RowErrors {
  readonly #place: CallPlace
  readonly #rows: number
  readonly #failed = new Map<number, EngineError>()
  /** Those that the handler has named while it was running. */
  readonly #named = new Map<number, RowError>()
  #anyMade = false

  constructor(place: CallPlace, rows: number) {
    this.#place = place
    this.#rows = rows
  }

  /** Whether a result may be an error that `context.rowError` made. */
  get anyMade(): boolean {
    return this.#anyMade
  }

  /** The handler made an error, for the row that it names or for that in whose place it stands. */
  made(error: RowError, row: number | undefined): void {
    this.#anyMade = true
    if (row === undefined) return
    const { signature } = this.#place
    if (signature.style === 'row' || !Number.isInteger(row) || row < 0 || row >= this.#rows) {
      const advice =
        signature.style === 'row' ? 'it is called for one row' : `this call has rows 0 to ${this.#rows - 1}`
      throw new EngineError(
        'WRONG_ARGUMENTS',
        `${subjectOf(this.#place)} named row ${row} to rowError: ${advice}`,
        { function: signature.name, version: signature.version },
      )
    }
    if (!this.#named.has(row)) this.#named.set(row, error)
  }

  /** The rows that the handler named fail, now that it has given its results. */
  failNamed(): void {
    for (const [row, error] of [...this.#named].toSorted(([a], [b]) => a - b)) {
      this.fail(row, rowFailed(this.#place, error, row))
    }
  }

  /** A row fails; throws where that is to fail the batch. */
  fail(row: number, error: EngineError): void {
    const { context } = this.#place
    if (!context.reportsRows || context.signal.aborted || endsTheQuery(error)) throw error
    this.#failed.set(row, error)
  }

  has(row: number): boolean {
    return this.#failed.has(row)
  }

  get size(): number {
    return this.#failed.size
  }

  /** By ascending row of the batch. */
  get failures(): readonly RowFailure[] {
    const { called } = this.#place
    return [...this.#failed]
      .map(([row, error]) => ({ row: called?.[row] ?? row, error }))
      .toSorted((a, b) => a.row - b.row)
  }
}
