import type { FunctionSignature } from '../catalog/function.ts'
import { RowError } from '../catalog/rowError.ts'
import { EngineError, type ErrorDetails, isEngineError, messageOf } from '../src/base/errors.ts'
import type { HandlerScope } from './executor.ts'
import { retryAfterOf } from './retryAfter.ts'

/** Where a handler is when something goes wrong: one batch, or part of one, of a function. */
export interface CallPlace {
  readonly signature: FunctionSignature
  readonly context: HandlerScope
  /** Rows of the batch. */
  readonly rows: number
  /** Which of them the handler is called for; null for all. Errors count the rows of the batch, not the called ones. */
  readonly called: Int32Array | null
}

/** What a call made by a handler may fail with that is not for the handler to answer for. */
const notOfTheHandler: ReadonlySet<unknown> = new Set<EngineError['code']>([
  'BUDGET_EXCEEDED',
  'CANCELLED',
  'DEFINITION_INVALID',
  'ERROR_BUDGET_EXCEEDED',
  'SECRET_MISSING',
  'SESSION_CLOSED',
])

/** What ends a query, whatever is to become of the row that it happened to. */
export function endsTheQuery(error: EngineError): boolean {
  return notOfTheHandler.has(error.code)
}

/** A handler threw, or its promise was rejected. `row`, here as below, is the one of the called rows; null where a call has many. */
export function handlerFailed(place: CallPlace, thrown: unknown, row: number | null): EngineError {
  if (isEngineError(thrown) && endsTheQuery(thrown)) return thrown
  if (thrown instanceof RowError && row !== null) return rowFailed(place, thrown, row)
  return failure(place, { code: 'FUNCTION_FAILED', thrown, row })
}

/** A handler gave an error for a row in place of its result. */
export function rowFailed(place: CallPlace, error: RowError, row: number): EngineError {
  return failure(place, { code: 'ROW_FAILED', thrown: error.cause ?? error, row })
}

/** A stream failed after so many items. */
export function streamFailed(place: CallPlace, thrown: unknown, { row, items }: StreamPlace): EngineError {
  const { context, rows } = place
  if (isEngineError(thrown) && (endsTheQuery(thrown) || thrown.details.itemsYielded !== undefined))
    return thrown
  const inRow = handlerFailed(place, thrown, row)
  const { code, cause } = inRow
  return new EngineError(
    code,
    `${subjectOf(place)} failed after ${count(items, 'item')} in batch ${context.batch} of ${count(rows, 'row')}${atRow(place, row)}: ${messageOf(cause)}`,
    { ...inRow.details, itemsYielded: items },
    cause,
  )
}

/** `problem` continues "function 'f' (version 1) yielded". */
export function invalidItem(place: CallPlace, problem: string, items: number): EngineError {
  const message = `${subjectOf(place)} yielded ${problem} after ${count(items, 'item')}`
  return new EngineError('FUNCTION_RESULT_INVALID', message, { ...details(place, 0), itemsYielded: items })
}

/** The row whose stream it is, and how many items it has yielded. */
export interface StreamPlace {
  readonly row: number
  readonly items: number
}

interface Failure {
  readonly code: 'FUNCTION_FAILED' | 'ROW_FAILED'
  readonly thrown: unknown
  readonly row: number | null
}

function failure(place: CallPlace, { code, thrown, row }: Failure): EngineError {
  const where = `batch ${place.context.batch} of ${count(place.rows, 'row')}${atRow(place, row)}`
  const stack = thrown instanceof Error && thrown.stack !== undefined ? { functionStack: thrown.stack } : {}
  const retryAfter = retryAfterOf(thrown)
  return new EngineError(
    code,
    `${subjectOf(place)} failed in ${where}: ${messageOf(thrown)}`,
    { ...details(place, row), ...stack, ...(retryAfter === null ? {} : { retryAfter }) },
    thrown,
  )
}

/** `expected` and `got` count results; rows that were not called count for neither. */
export function wrongRowCount(place: CallPlace, got: number, expected: number): EngineError {
  const counts = `${count(got, 'result')} for ${count(expected, 'row')}`
  const message = `${subjectOf(place)} returned ${counts} in batch ${place.context.batch}`
  return new EngineError('FUNCTION_RESULT_ROWS', message, details(place, null))
}

/** `problem` continues "function 'f' (version 1) returned". */
export function invalidResult(place: CallPlace, problem: string, row: number | null): EngineError {
  const message = `${subjectOf(place)} returned ${problem} in batch ${place.context.batch}${atRow(place, row)}`
  return new EngineError('FUNCTION_RESULT_INVALID', message, details(place, row))
}

/** An argument has a value that the definition's schema cannot show. `problem` is a whole sentence. */
export function invalidArgument(place: CallPlace, input: string, cause: EngineError): EngineError {
  const { row = null, hint } = cause.details
  const [problem = ''] = cause.message.replace(/^row \d+: /, '').split('\n')
  const where = `batch ${place.context.batch}${atRow(place, row)}`
  return new EngineError(
    cause.code,
    `${subjectOf(place)} cannot take its argument '${input}' in ${where}: ${problem}`,
    { ...details(place, row), column: input, ...(hint === undefined ? {} : { hint }) },
    cause,
  )
}

export function returnedPromise(place: CallPlace, row: number | null): EngineError {
  const message = `${subjectOf(place)} returned a promise where it runs inside DuckDB, in batch ${place.context.batch}`
  return new EngineError('FUNCTION_RETURNED_PROMISE', message, {
    ...details(place, row),
    hint: 'declare its handler async, so that it is called outside DuckDB: async ({ … }) => { … }',
  })
}

/** `function 'f' (version 1)`: how messages begin. */
export function subjectOf({ signature: { name, version } }: Pick<CallPlace, 'signature'>): string {
  return `function '${name}' (version ${version})`
}

function atRow({ called }: CallPlace, row: number | null): string {
  return row === null ? '' : `, row ${called?.[row] ?? row}`
}

function details({ signature, context, rows, called }: CallPlace, row: number | null): ErrorDetails {
  const { name, version } = signature
  const place = { function: name, version, batch: context.batch, batchRows: rows }
  return row === null ? place : { ...place, row: called?.[row] ?? row }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
