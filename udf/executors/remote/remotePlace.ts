import type { FunctionSignature } from '../../../catalog/function.ts'
import { EngineError, type ErrorDetails } from '../../../src/base/errors.ts'
import { subjectOf } from '../../functionErrors.ts'
import { amendError } from '../../policies/amendError.ts'

/** Which call it is that went to a replica. */
export interface RemotePlace {
  readonly signature: FunctionSignature
  readonly batch: number
  /** Those that were sent. */
  readonly rows: number
}

/** `problem` continues "function 'f' (version 2) got". */
export function invalidAnswer(
  place: RemotePlace,
  endpoint: string,
  problem: string,
  cause?: unknown,
): EngineError {
  const message = `${subjectOf(place)} got ${problem} from ${endpoint} in batch ${place.batch}`
  return new EngineError('REMOTE_RESULT_INVALID', message, { ...detailsOf(place), endpoint }, cause)
}

/** What a call to a replica failed with, told of the function that was called. */
export function failedAt(place: RemotePlace, endpoint: string, error: EngineError): EngineError {
  // A worker of ours, and what was checked here, know the batch and have said it all.
  if (error.details.version !== undefined) return amendError(error, (message) => message, { endpoint })
  const { batch, rows, signature } = place
  const where = `batch ${batch} of ${rows} ${rows === 1 ? 'row' : 'rows'}`
  const atWorker = `function '${signature.remote?.function}' failed at ${endpoint}: `
  const reword = (message: string): string => {
    const said = message.startsWith(atWorker) ? message.slice(atWorker.length) : message
    const at = said.includes(endpoint) ? '' : ` at ${endpoint}`
    return `${subjectOf(place)} failed in ${where}${at}: ${said}`
  }
  return amendError(error, reword, { ...detailsOf(place), endpoint })
}

export function detailsOf({ signature: { name, version }, batch, rows }: RemotePlace): ErrorDetails {
  return { function: name, version, batch, batchRows: rows }
}
