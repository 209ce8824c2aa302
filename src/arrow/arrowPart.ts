import type * as arrow from 'apache-arrow'
import { EngineError } from '../base/errors.ts'

/** Data of one chunk, and where it belongs, for messages (`column 'a'`). */
export interface ArrowPart {
  readonly data: arrow.Data
  readonly place: string
}

export function invalidArrow({ place }: { readonly place: string }, problem: string): EngineError {
  return new EngineError('ARROW_INVALID', `${place} of the Arrow data cannot be read: ${problem}`)
}
