import { EngineError } from '../../../src/base/errors.ts'
import { decodeSentError } from '../../../src/protocol/sentError.ts'
import type { RowFailure } from '../../executor.ts'
import { failedAt, type RemotePlace } from './remotePlace.ts'

/** The rows that a worker says failed, by what it says of each: the JSON text of an error, or null. */
export function readRowFailures(
  texts: readonly unknown[],
  call: RemotePlace & { readonly endpoint: string },
): readonly RowFailure[] {
  const failures: RowFailure[] = []
  for (const [row, text] of texts.entries()) {
    if (typeof text !== 'string') continue
    const sent = decodeSentError(Buffer.from(text), call.endpoint)
    // What cannot be read is what the function failed with, as it stands.
    const error = sent ?? new EngineError('FUNCTION_FAILED', text)
    failures.push({ row, error: failedAt(call, call.endpoint, error) })
  }
  return failures
}
