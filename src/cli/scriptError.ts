import { EngineError, isEngineError, messageOf } from '../base/errors.ts'

/** What a script threw, as an error that says where; one of ours stays as it is. */
export function scriptError(path: string, thrown: unknown): EngineError {
  if (isEngineError(thrown)) return thrown
  const stack = thrown instanceof Error && thrown.stack !== undefined ? { functionStack: thrown.stack } : {}
  return new EngineError('SCRIPT_FAILED', `${path} failed: ${describe(thrown)}`, { path, ...stack }, thrown)
}

function describe(thrown: unknown): string {
  const message = messageOf(thrown)
  // The compiler's summary comes before the place and the problem.
  const [, compilerMessage] = /^Transform failed with \d+ errors?:\n(.*)/.exec(message) ?? []
  if (compilerMessage !== undefined) return compilerMessage
  return thrown instanceof Error && thrown.name !== 'Error' ? `${thrown.name}: ${message}` : message
}
