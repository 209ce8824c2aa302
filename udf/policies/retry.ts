import type { RetryPolicy } from '../../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { filterColumn, nullColumn, type ScatterPart, scatterColumn } from '../../src/arrow/columns.ts'
import { type EngineError, isEngineError, toEngineError } from '../../src/base/errors.ts'
import { cancelledError } from '../abort.ts'
import type { CallEvent } from '../callEvents.ts'
import type { Clock, Random } from '../clock.ts'
import type { CallResult, Interceptor, Invoke, InvokeContext, RowFailure } from '../executor.ts'
import { amendError, errorInWhole } from './amendError.ts'
import { isWorthRetrying, waitBefore } from './retryDecision.ts'

export interface RetrySetup {
  readonly clock: Clock
  readonly random: Random
}

/**
 * Makes a failed call again as its policy says, of the rows that failed where others succeeded. What the last attempt fails with
 * comes out, with the number of attempts. No attempt is made that could not start before the deadline.
 */
export function retry(setup: RetrySetup): Interceptor {
  return (next) => async (registered, batch, context) => {
    const policy = context.policies.retry
    if (policy === null || policy.attempts === 0) return next(registered, batch, context)
    return new RetriedCall({ setup, policy, next, registered, batch, context }).run()
  }
}

interface Call {
  readonly setup: RetrySetup
  readonly policy: RetryPolicy
  readonly next: Invoke
  readonly registered: RegisteredFunction
  readonly batch: Batch
  readonly context: InvokeContext
}

/** One batch with all its attempts. */
class RetriedCall {
  readonly #call: Call
  #made = 0
  /** Places in the batch of the rows that have no outcome yet; null for all. */
  #pending: Int32Array | null = null
  /** Results of attempts that are not the last, null where a row failed for good. */
  readonly #parts: ScatterPart[] = []
  readonly #failures: RowFailure[] = []

  constructor(call: Call) {
    this.#call = call
  }

  async run(): Promise<CallResult> {
    for (;;) {
      const answer = await this.#attempt()
      if (isEngineError(answer)) {
        if (!(await this.#waits([answer], this.#pending?.length ?? this.#call.batch.length)))
          return this.#failAll(answer)
      } else {
        const again = answer.failures.filter(({ error }) => this.#isWorthRetrying(error))
        const wanted = again.length === answer.failures.length || this.#call.context.reportsRows
        if (again.length === 0 || !wanted || !(await this.#waits(errorsOf(again), again.length))) {
          return this.#finish(answer)
        }
        this.#keepOthers(answer, again)
      }
    }
  }

  /** The answer for the pending rows, numbered as in the batch, or the error of all of them. */
  async #attempt(): Promise<CallResult | EngineError> {
    const { policy, next, registered, batch, context } = this.#call
    const rows = this.#pending
    const mayFollow = ++this.#made <= policy.attempts
    const attempted = {
      ...context,
      attempt: context.attempt + this.#made - 1,
      // Rows of a batch are taken from it anew for each attempt.
      keepsInput: rows === null && (context.keepsInput || mayFollow),
      reportsRows: context.reportsRows || mayFollow,
    }
    try {
      if (rows === null) return await next(registered, batch, attempted)
      const part = {
        length: rows.length,
        columns: registered.signature.inputs.map(({ type }, index) =>
          filterColumn(type, batch.columns[index]!, rows),
        ),
      }
      const answer = await next(registered, part, { ...attempted, firstRow: context.firstRow + rows[0]! })
      const failures = answer.failures.map(({ row, error }) => ({
        row: rows[row]!,
        error: errorInWhole(error, rows, batch.length),
      }))
      return { column: answer.column, failures }
    } catch (thrown) {
      if (context.signal.aborted) throw cancelledError(registered.signature, context)
      const error = toEngineError(thrown)
      return rows === null ? error : errorInWhole(error, rows, batch.length)
    }
  }

  #isWorthRetrying(error: EngineError): boolean {
    return isWorthRetrying(error, this.#call.policy.retryOn)
  }

  /** Waits for the next attempt at so many rows; false if there is none after such errors. */
  async #waits(errors: readonly EngineError[], rows: number): Promise<boolean> {
    const { policy, setup, registered, context } = this.#call
    const { clock, random } = setup
    const [error] = errors
    if (error === undefined || this.#made > policy.attempts || !this.#isWorthRetrying(error)) return false
    const retryAfter = Math.max(...errors.map(({ details }) => details.retryAfter ?? 0))
    const milliseconds = waitBefore(policy, this.#made, { random, retryAfter })
    if (context.deadline !== null && clock.now() + milliseconds >= context.deadline) return false
    this.#tell({ kind: 'retried', rows, error })
    try {
      await clock.sleep(milliseconds, context.signal)
    } catch {
      throw cancelledError(registered.signature, context)
    }
    this.#tell({ kind: 'waited', for: 'retry', milliseconds })
    return true
  }

  #tell(event: CallEvent): void {
    const { registered, context } = this.#call
    const { name, version } = registered.signature
    context.observer({ function: name, version }, event)
  }

  /** Keeps what an attempt came to, but for the rows that are attempted again. */
  #keepOthers({ column, failures }: CallResult, again: readonly RowFailure[]): void {
    const { registered, batch } = this.#call
    const places = this.#pending ?? allRows(batch.length)
    const pending = Int32Array.from(again, ({ row }) => row)
    const repeated = new Set(pending)
    const kept = allRows(places.length).filter((row) => !repeated.has(places[row]!))
    this.#parts.push({
      rows: kept.map((row) => places[row]!),
      column: filterColumn(registered.signature.output, column, kept),
    })
    this.#failures.push(...this.#final(failures.filter(({ row }) => !repeated.has(row))))
    this.#pending = pending
  }

  /** The result of all rows, with the answer to the last attempt. */
  #finish(answer: CallResult): CallResult {
    const { registered, batch, context } = this.#call
    const failures = [...this.#failures, ...this.#final(answer.failures)].toSorted((a, b) => a.row - b.row)
    const [first] = failures
    if (first !== undefined && !context.reportsRows) throw first.error
    const rows = this.#pending
    if (rows === null) return { column: answer.column, failures }
    const parts = [...this.#parts, { rows, column: answer.column }]
    return { column: scatterColumn(registered.signature.output, parts, batch.length), failures }
  }

  /** The pending rows fail for good with one error; rows that succeeded before stay as they are, if rows are told apart. */
  #failAll(error: EngineError): CallResult {
    const { registered, context } = this.#call
    const rows = this.#pending
    if (rows === null || !context.reportsRows) throw this.#afterAttempts(error)
    const column = nullColumn(registered.signature.output, rows.length)
    return this.#finish({ column, failures: Array.from(rows, (row) => ({ row, error })) })
  }

  #final(failures: readonly RowFailure[]): RowFailure[] {
    return failures.map(({ row, error }) => ({ row, error: this.#afterAttempts(error) }))
  }

  #afterAttempts(error: EngineError): EngineError {
    const attempts = this.#made
    if (attempts === 1) return error
    return amendError(error, (message) => `${message} (after ${attempts} attempts)`, { attempts })
  }
}

function errorsOf(failures: readonly RowFailure[]): EngineError[] {
  return failures.map(({ error }) => error)
}

function allRows(length: number): Int32Array {
  return Int32Array.from({ length }, (_, row) => row)
}
