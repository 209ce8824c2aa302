import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch, ColumnData } from '../../src/arrow/column.ts'
import { concatColumns } from '../../src/arrow/columns.ts'
import { onAbort } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import { cancelledError } from '../abort.ts'
import type { Clock } from '../clock.ts'
import type { CallResult, InvokeContext, RowFailure } from '../executor.ts'
import { ringAt } from '../policies/alarms.ts'
import type { RowSizes } from './rowSizes.ts'

/** Results of some rows of a call. */
interface Part {
  /** Of the call's rows the first. */
  readonly from: number
  readonly column: ColumnData
  /** Rows count within the call. */
  readonly failures: readonly RowFailure[]
}

/** What one caller asked for: its rows leave in batches, perhaps with those of others, and their results come together here. */
export class BatchCall {
  readonly registered: RegisteredFunction
  readonly batch: Batch
  readonly context: InvokeContext
  readonly sizes: RowSizes
  /** Milliseconds since 1970. */
  readonly arrived: number
  readonly result: Promise<CallResult>
  /** Rows that wait to be sent. */
  unsent: number
  /** Its place among the calls that it shares batches with. */
  place = 0
  #ended = false
  #missing: number
  readonly #parts: Part[] = []
  #onEnd: (why: unknown) => void = () => {}
  readonly #stopListening: () => void
  readonly #stopClock: (() => void) | null
  #resolve: (result: CallResult) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(
    registered: RegisteredFunction,
    batch: Batch,
    context: InvokeContext,
    { clock, sizes }: { readonly clock: Clock; readonly sizes: RowSizes },
  ) {
    this.registered = registered
    this.batch = batch
    this.context = context
    this.sizes = sizes
    this.arrived = clock.now()
    this.unsent = batch.length
    this.#missing = batch.length
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { signal, deadline } = context
    this.#stopListening = onAbort(signal, () => this.fail(cancelledError(registered.signature, context)))
    this.#stopClock = deadline === null ? null : ringAt(clock, deadline, () => this.#failAtDeadline())
    if (signal.aborted) this.fail(cancelledError(registered.signature, context))
  }

  get ended(): boolean {
    return this.#ended
  }

  /** `listener` is called once: when all rows are done, then with null, or with why nobody waits for them any more. */
  onEnd(listener: (why: unknown) => void): void {
    this.#onEnd = listener
  }

  add(part: Part): void {
    if (this.#ended) return
    this.#parts.push(part)
    this.#missing -= part.column.length
    if (this.#missing > 0) return
    try {
      this.#resolve(this.#joined())
    } catch (error) {
      this.fail(error)
      return
    }
    this.#end(null)
  }

  fail(error: unknown): void {
    if (this.#ended) return
    this.#end(error)
    this.#reject(error)
  }

  #end(error: unknown): void {
    this.#ended = true
    this.#stopListening()
    this.#stopClock?.()
    this.#onEnd(error)
  }

  #joined(): CallResult {
    const [first] = this.#parts
    if (first !== undefined && this.#parts.length === 1) return first
    // Batches may be done in another order than they were sent in.
    const parts = this.#parts.toSorted((a, b) => a.from - b.from)
    return {
      column: concatColumns(
        this.registered.signature.output,
        parts.map(({ column }) => column),
      ),
      failures: parts.flatMap(({ failures }) => failures),
    }
  }

  #failAtDeadline(): void {
    const { name, version } = this.registered.signature
    const { batch } = this.context
    const message = `function '${name}' (version ${version}) was not done with batch ${batch} by its deadline`
    this.fail(
      new EngineError('DEADLINE_EXCEEDED', message, {
        function: name,
        version,
        batch,
        batchRows: this.batch.length,
      }),
    )
  }
}
