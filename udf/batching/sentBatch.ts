import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { concatColumns, sliceColumn } from '../../src/arrow/columns.ts'
import { Cancellation } from '../../src/base/cancellation.ts'
import { EngineError, isEngineError } from '../../src/base/errors.ts'
import type { CallResult, InvokeContext } from '../executor.ts'
import { errorInWhole } from '../policies/amendError.ts'
import type { BatchCall } from './batchCall.ts'
import { EventSplitter } from './splitEvents.ts'

/** Rows [from, to) of a call. */
export interface Piece {
  readonly call: BatchCall
  readonly from: number
  readonly to: number
}

/** A batch on its way: pieces of one or more calls, in order. */
export class SentBatch {
  readonly pieces: readonly Piece[]
  readonly rows: number
  readonly context: InvokeContext
  readonly #cancellation = new Cancellation()
  readonly #registered: RegisteredFunction
  readonly #events: EventSplitter | null
  /** Calls that still wait for it. */
  readonly #waiting: Set<BatchCall>

  /** `pieces`: one at least. */
  constructor(pieces: readonly Piece[]) {
    const [first] = pieces
    const { registered, context } = first!.call
    this.pieces = pieces
    this.rows = pieces.reduce((sum, { from, to }) => sum + to - from, 0)
    this.#registered = registered
    this.#waiting = new Set(pieces.map(({ call }) => call))
    const firstRow = context.firstRow + first!.from
    const shared = pieces.some(({ call }) => call.context.observer !== context.observer)
    this.#events = shared ? new EventSplitter(observedRows(pieces), firstRow) : null
    this.context = {
      ...mostOf(pieces).call.context,
      batch: context.batch,
      firstRow,
      signal: this.#cancellation,
      deadline: latestDeadline(pieces),
      keepsInput: this.isWhole && context.keepsInput,
      observer: this.#events?.observer ?? context.observer,
      source: null,
    }
  }

  /** The arguments of its rows: copies, unless it is all of one call. */
  batch(): Batch {
    const { pieces, rows } = this
    if (this.isWhole) return pieces[0]!.call.batch
    const columns = this.#registered.signature.inputs.map(({ type }, index) => {
      const parts = pieces.map(({ call, from, to }) => {
        const column = call.batch.columns[index]!
        return to - from === call.batch.length ? column : sliceColumn(type, column, from, to - from)
      })
      return parts.length === 1 ? parts[0]! : concatColumns(type, parts)
    })
    return { length: rows, columns }
  }

  /** A caller waits no more. Whether it was the last: then the batch is given up. */
  leave(call: BatchCall, why: unknown): boolean {
    if (!this.#waiting.delete(call) || this.#waiting.size > 0) return false
    this.#cancellation.abort(why)
    return true
  }

  /** Gives each call the results of its rows. */
  succeed({ column, failures }: CallResult): void {
    const { signature } = this.#registered
    if (column.length !== this.rows) {
      const { name, version } = signature
      const message = `a batch of function '${name}' (version ${version}) came back with ${column.length} rows for ${this.rows}`
      this.fail(new EngineError('ROWS_LOST', message, { function: name, version }))
      return
    }
    this.#events?.settle(failures)
    let offset = 0
    for (const { call, from, to } of this.pieces) {
      const first = offset
      const rows = to - from
      offset += rows
      if (call.ended) continue
      const own = failures.filter(({ row }) => row >= first && row < first + rows)
      call.add({
        from,
        column: rows === this.rows ? column : sliceColumn(signature.output, column, first, rows),
        failures: own.map(({ row, error }) => ({
          row: row - first + from,
          error: this.#errorFor({ call, from, to }, error, first),
        })),
      })
    }
  }

  fail(error: unknown): void {
    this.#events?.settle([])
    let offset = 0
    for (const piece of this.pieces) {
      piece.call.fail(isEngineError(error) ? this.#errorFor(piece, error, offset) : error)
      offset += piece.to - piece.from
    }
  }

  /** The error names the batch of the first caller, and counts the rows of this one from `offset` on: each is told its own. */
  #errorFor({ call, from, to }: Piece, error: EngineError, offset: number): EngineError {
    const { context, batch } = call
    const { source, batch: number } = this.pieces[0]!.call.context
    if (context.batch === number && context.source === source) {
      const { row = this.rows === 1 ? 0 : -1 } = error.details
      if (this.isWhole || row < offset || row >= offset + to - from) return error
      const rows = Int32Array.from({ length: this.rows }, (_, at) => at - offset + from)
      return errorInWhole(error, rows, batch.length)
    }
    const { name, version } = this.#registered.signature
    const { row: _row, hint, ...details } = error.details
    const message = hint === undefined ? error.message : error.message.slice(0, -(hint.length + 3))
    return new EngineError(
      error.code,
      `batch ${context.batch} of function '${name}' (version ${version}) shared a call that failed: ${message}`,
      {
        ...details,
        ...(hint === undefined ? {} : { hint }),
        batch: context.batch,
        batchRows: batch.length,
      },
      error,
    )
  }

  /** Whether it is all of one call, whose columns go along as they are. */
  get isWhole(): boolean {
    const [first] = this.pieces
    return this.pieces.length === 1 && this.rows === first!.call.batch.length
  }
}

function observedRows(pieces: readonly Piece[]): ConstructorParameters<typeof EventSplitter>[0] {
  let offset = 0
  return pieces.map(({ call: { context }, from, to }) => {
    const rows = to - from
    const part = {
      observer: context.observer,
      batch: context.batch,
      firstRow: context.firstRow + from,
      offset,
      rows,
    }
    offset += rows
    return part
  })
}

function mostOf(pieces: readonly Piece[]): Piece {
  return pieces.reduce((most, piece) => (piece.to - piece.from > most.to - most.from ? piece : most))
}

/** Each caller stops waiting at its own deadline, but the call goes on for the others. */
function latestDeadline(pieces: readonly Piece[]): number | null {
  let latest = -Infinity
  for (const { call } of pieces) latest = Math.max(latest, call.context.deadline ?? Infinity)
  return latest === Infinity ? null : latest
}
