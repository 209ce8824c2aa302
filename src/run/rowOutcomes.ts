import type { FunctionSignature } from '../../catalog/function.ts'
import { mergePolicies } from '../../catalog/policy/mergePolicies.ts'
import type { CallOptions, CallOutcome, CallPolicies } from '../../catalog/policy/policies.ts'
import { errorType, tryType } from '../../catalog/policy/tryType.ts'
import type { CallResult, RowFailure } from '../../udf/executor.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import { encodeColumn } from '../arrow/encode.ts'
import type { DataType } from '../base/dataType.ts'
import { EngineError } from '../base/errors.ts'
import type { Failed } from './deadLetters.ts'
import type { QueryRun } from './queryRun.ts'

/** Rows after which a share of them says something. */
const RATE_ROWS_MIN = 100

export interface OutcomeOptions {
  readonly signature: FunctionSignature
  /** What the call site asks for. */
  readonly options: CallOptions | null
  readonly outcome: CallOutcome
  readonly query: QueryRun
  /** Whether rows may wait for dead letters to be written: not where the engine that writes them waits for the rows. Default true. */
  readonly waitsForLetters?: boolean
}

/** What becomes of the rows of one call site that fail, and how many may. */
export class RowOutcomes {
  /** Of the column that it gives. */
  readonly type: DataType
  /** Whether the arguments of rows that fail are kept. */
  readonly keepsInput: boolean
  readonly #options: OutcomeOptions
  readonly #policies: CallPolicies
  /** Whether rows that fail count: not where somebody tries the call, but where their errors are only to be a column. */
  readonly #counts: boolean
  #rows = 0
  #failed = 0

  constructor(options: OutcomeOptions) {
    const { signature, outcome, options: asked } = options
    this.#options = options
    this.#policies = mergePolicies(signature.policies, asked)
    this.type = outcome === 'try' ? tryType(signature.output) : signature.output
    this.keepsInput = outcome === 'value' && this.#policies.onError === 'deadLetter'
    this.#counts = outcome === 'value' || asked?.onError === 'column'
  }

  /** The column of a result, in which rows that failed are null, or have their error. Throws ERROR_BUDGET_EXCEEDED. */
  async columnOf(result: CallResult, batch: Batch, firstRow: number): Promise<ColumnData> {
    const { column, failures } = result
    this.#rows += column.length
    if (failures.length > 0) {
      this.#tell(failures)
      if (this.keepsInput) await this.#keep(batch, { failures, firstRow })
      if (this.#counts) this.#count(failures)
    }
    return this.#options.outcome === 'try' ? withErrors(result) : column
  }

  async #keep(batch: Batch, failed: Failed): Promise<void> {
    const { signature, query, waitsForLetters = true } = this.#options
    const kept = query.deadLetters?.add(signature, batch, failed)
    if (waitsForLetters) await kept
    // The end of the query waits for it, and fails as it does.
    else kept?.catch(() => undefined)
  }

  /** Throws ERROR_BUDGET_EXCEEDED. */
  #count(failures: readonly RowFailure[]): void {
    this.#failed += failures.length
    this.#options.query.addFailedRows(failures.length)
    this.#checkBudget(failures)
  }

  #tell(failures: readonly RowFailure[]): void {
    const { signature, query } = this.#options
    const called = { function: signature.name, version: signature.version }
    const rowsOf = new Map<EngineError['code'], { rows: number; error: EngineError }>()
    for (const { error } of failures) {
      const counted = rowsOf.get(error.code)
      if (counted === undefined) rowsOf.set(error.code, { rows: 1, error })
      else counted.rows++
    }
    for (const { rows, error } of rowsOf.values()) query.observe(called, { kind: 'failed', rows, error })
  }

  #checkBudget(failures: readonly RowFailure[]): void {
    const { signature } = this.#options
    const { maxErrors, maxErrorRate } = this.#policies.errorBudget
    const overCount = maxErrors !== null && this.#failed > maxErrors
    const overRate =
      maxErrorRate !== null && this.#rows >= RATE_ROWS_MIN && this.#failed / this.#rows > maxErrorRate
    if (!overCount && !overRate) return
    const { error } = failures.at(-1)!
    const allowed = overCount ? `maxErrors is ${maxErrors}` : `maxErrorRate is ${maxErrorRate}`
    throw new EngineError(
      'ERROR_BUDGET_EXCEEDED',
      `${this.#failed} of ${this.#rows} rows of function '${signature.name}' (version ${signature.version}) failed, but ${allowed}; the last error: ${error.message}`,
      { function: signature.name, version: signature.version },
      error,
    )
  }
}

/** A struct of value and error for each row. */
function withErrors({ column, failures }: CallResult): ColumnData {
  const errors: (Record<string, unknown> | null)[] = Array.from({ length: column.length }, () => null)
  for (const { row, error } of failures) {
    const { code, message, kind, details } = error
    errors[row] = { code, message, kind, attempts: details.attempts ?? 1 }
  }
  return {
    length: column.length,
    nullCount: 0,
    validity: null,
    offsets: null,
    values: null,
    children: [column, encodeColumn(errorType, errors)],
  }
}
