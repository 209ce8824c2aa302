import type { ErrorCode } from '../base/errorCodes.ts'
import { EngineError, isEngineError, messageOf } from '../base/errors.ts'

const codeOfPrefix: readonly (readonly [prefix: RegExp, code: ErrorCode])[] = [
  [/^(Parser|Binder|Catalog|Syntax) Error/, 'SQL_INVALID'],
  [/^INTERRUPT Error/i, 'CANCELLED'],
  [/^(IO|HTTP|Permission) Error/, 'IO_FAILED'],
  [/^Invalid Input Error: (No magic bytes|File '.*' too small|.*[Pp]arquet)/, 'IO_FAILED'],
  [/^(FATAL|INTERNAL) Error/, 'INTERNAL'],
]

/** What DuckDB threw, as an EngineError with its message kept; the caret that DuckDB draws becomes part of the message. */
export function fromDuckDBError(thrown: unknown): EngineError {
  if (isEngineError(thrown)) return thrown
  const message = messageOf(thrown)
  const code = codeOfPrefix.find(([prefix]) => prefix.test(message))?.[1] ?? 'SQL_FAILED'
  return new EngineError(code, message, {}, thrown)
}
