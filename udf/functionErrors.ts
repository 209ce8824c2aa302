import type { FunctionSignature } from '../catalog/function.ts'
import { EngineError, type ErrorDetails, messageOf } from '../src/base/errors.ts'
import type { HandlerScope } from './executor.ts'

/** Where a handler is when something goes wrong: one batch, or part of one, of a function. */
export interface CallPlace {
  readonly signature: FunctionSignature
  readonly context: HandlerScope
  /** Rows of the batch. */
  readonly rows: number
  /** Which of them the handler is called for; null for all. Errors count the rows of the batch, not the called ones. */
  readonly called: Int32Array | null
}

/** A handler threw, or its promise was rejected. `row`, here as below, is the one of the called rows; null where a call has many. */
export function handlerFailed(place: CallPlace, thrown: unknown, row: number | null): EngineError {
  const where = `batch ${place.context.batch} of ${count(place.rows, 'row')}${atRow(place, row)}`
  const stack = thrown instanceof Error && thrown.stack !== undefined ? { functionStack: thrown.stack } : {}
  const message = `${subject(place)} failed in ${where}: ${messageOf(thrown)}`
  return new EngineError('FUNCTION_FAILED', message, { ...details(place, row), ...stack }, thrown)
}

/** `expected` and `got` count results; rows that were not called count for neither. */
export function wrongRowCount(place: CallPlace, got: number, expected: number): EngineError {
  const counts = `${count(got, 'result')} for ${count(expected, 'row')}`
  const message = `${subject(place)} returned ${counts} in batch ${place.context.batch}`
  return new EngineError('FUNCTION_RESULT_ROWS', message, details(place, null))
}

/** `problem` continues "function 'f' (version 1) returned". */
export function invalidResult(place: CallPlace, problem: string, row: number | null): EngineError {
  const message = `${subject(place)} returned ${problem} in batch ${place.context.batch}${atRow(place, row)}`
  return new EngineError('FUNCTION_RESULT_INVALID', message, details(place, row))
}

/** An argument has a value that the definition's schema cannot show. `problem` is a whole sentence. */
export function invalidArgument(place: CallPlace, input: string, cause: EngineError): EngineError {
  const { row = null, hint } = cause.details
  const [problem = ''] = cause.message.replace(/^row \d+: /, '').split('\n')
  const where = `batch ${place.context.batch}${atRow(place, row)}`
  return new EngineError(
    cause.code,
    `${subject(place)} cannot take its argument '${input}' in ${where}: ${problem}`,
    { ...details(place, row), column: input, ...(hint === undefined ? {} : { hint }) },
    cause,
  )
}

export function returnedPromise(place: CallPlace, row: number | null): EngineError {
  const message = `${subject(place)} returned a promise where it runs inside DuckDB, in batch ${place.context.batch}`
  return new EngineError('FUNCTION_RETURNED_PROMISE', message, {
    ...details(place, row),
    hint: 'declare its handler async, so that it is called outside DuckDB: async ({ … }) => { … }',
  })
}

function subject({ signature: { name, version } }: CallPlace): string {
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
