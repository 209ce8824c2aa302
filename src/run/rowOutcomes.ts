import type { FunctionSignature } from '../../catalog/function.ts'
import type { CallPolicies } from '../../catalog/policy/policies.ts'
import { errorType } from '../../catalog/policy/tryType.ts'
import type { CallResult, RowFailure } from '../../udf/executor.ts'
import type { Batch, ColumnData } from '../arrow/column.ts'
import { encodeColumn } from '../arrow/encode.ts'
import { EngineError } from '../base/errors.ts'
import type { QueryRun } from './queryRun.ts'

/** Rows after which a share of them says something. */
const RATE_ROWS_MIN = 100

export interface OutcomeOptions {
  readonly signature: FunctionSignature
  readonly policies: CallPolicies
  readonly query: QueryRun
}

/** What becomes of the rows of one call site that fail, and how many may. */
export class RowOutcomes {
  readonly #options: OutcomeOptions
  #rows = 0
  #failed = 0

  constructor(options: OutcomeOptions) {
    this.#options = options
  }

  /** Whether the arguments of rows that fail are kept. */
  get keepsInput(): boolean {
    return this.#options.policies.onError === 'deadLetter'
  }

  /** The column for those who ask for values; rows that failed are null. Throws ERROR_BUDGET_EXCEEDED. */
  async values({ column, failures }: CallResult, batch: Batch, firstRow: number): Promise<ColumnData> {
    this.#rows += column.length
    if (failures.length === 0) return column
    const { signature, policies, query } = this.#options
    this.#tell(failures)
    this.#count(failures)
    if (policies.onError === 'deadLetter')
      await query.deadLetters?.add(signature, batch, { failures, firstRow })
    this.#checkBudget(failures)
    return column
  }

  /** A struct of value and error for those who try. Throws ERROR_BUDGET_EXCEEDED where the error is a column of its own. */
  tried({ column, failures }: CallResult): ColumnData {
    this.#rows += column.length
    this.#tell(failures)
    if (failures.length > 0 && this.#options.policies.onError === 'column') {
      this.#count(failures)
      this.#checkBudget(failures)
    }
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

  #count({ length }: readonly RowFailure[]): void {
    this.#failed += length
    this.#options.query.addFailedRows(length)
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
    const { signature, policies } = this.#options
    const { maxErrors, maxErrorRate } = policies.errorBudget
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
