import type { FunctionSignature } from '../catalog/function.ts'
import { EngineError, type ErrorDetails, messageOf } from '../src/base/errors.ts'
import type { InvokeContext } from './executor.ts'

/** Where a handler is when something goes wrong: one batch, or part of one, of a function. */
export interface CallPlace {
  readonly signature: FunctionSignature
  readonly context: InvokeContext
  /** Rows of the batch, those included that were not called because they have a null argument. */
  readonly rows: number
}

/** A handler threw, or its promise was rejected. `row` is null where a call has many. */
export function handlerFailed(place: CallPlace, thrown: unknown, row: number | null): EngineError {
  const at = row === null ? '' : `, row ${row}`
  const message = `${subject(place)} failed in batch ${place.context.batch} of ${count(place.rows, 'row')}${at}: ${messageOf(thrown)}`
  const stack = thrown instanceof Error && thrown.stack !== undefined ? { functionStack: thrown.stack } : {}
  return new EngineError('FUNCTION_FAILED', message, { ...details(place, row), ...stack }, thrown)
}

/** `expected` and `got` count results; rows that were not called count for neither. */
export function wrongRowCount(place: CallPlace, got: number, expected: number): EngineError {
  const message = `${subject(place)} returned ${count(got, 'result')} for ${count(expected, 'row')} in batch ${place.context.batch}`
  return new EngineError('FUNCTION_RESULT_ROWS', message, details(place, null))
}

/** `problem` continues "function 'f' (version 1) returned". */
export function invalidResult(
  place: CallPlace,
  problem: string,
  row: number | null,
  cause?: unknown,
): EngineError {
  const at = row === null ? '' : `, row ${row}`
  const message = `${subject(place)} returned ${problem} in batch ${place.context.batch}${at}`
  return new EngineError('FUNCTION_RESULT_INVALID', message, details(place, row), cause)
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

function details({ signature, context, rows }: CallPlace, row: number | null): ErrorDetails {
  const { name, version } = signature
  return { function: name, version, batch: context.batch, batchRows: rows, ...(row === null ? {} : { row }) }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
