import type { ErrorCode } from '../../src/base/errorCodes.ts'
import { EngineError, type ErrorDetails } from '../../src/base/errors.ts'

/** Who gave options: how messages about them begin, how names are spelt there, and how it fails. */
export interface OptionPlace {
  /** Begins messages: `function 'f'`, `the call of 'f'`. */
  readonly subject: string
  readonly code: ErrorCode
  readonly details: ErrorDetails
  /** What has the options, for a list of them: `a definition`. */
  readonly listing: string
  /** An option as it is written there: `rateLimit`, or `rate_limit` in SQL. */
  readonly spell: (name: string) => string
}

/** Options in a definition. */
export function definitionPlace(name: string): OptionPlace {
  const details = { function: name }
  const code = 'DEFINITION_INVALID'
  return { subject: `function '${name}'`, code, details, listing: 'a definition', spell: asWritten }
}

/** Options of a call that a DataFrame makes. */
export function callPlace(name: string): OptionPlace {
  const details = { function: name }
  const code = 'WRONG_ARGUMENTS'
  return { subject: `the call of '${name}'`, code, details, listing: 'a call', spell: asWritten }
}

/** Options of a call in SQL; `position` counts UTF-16 units from the start of the statement. */
export function sqlCallPlace(name: string, position: number): OptionPlace {
  const details = { function: name, position }
  const code = 'CATALOG_CALL_INVALID'
  return { subject: `the call of '${name}'`, code, details, listing: 'a call', spell: snakeCase }
}

/** Options of a factory such as `RetryPolicy.linear`. */
export function factoryPlace(factory: string): OptionPlace {
  return { subject: factory, code: 'WRONG_ARGUMENTS', details: {}, listing: 'it', spell: asWritten }
}

/** `problem` follows the subject: `has retries -1; it must be a whole number from 0`. */
export function invalidOption(
  { subject, code, details }: OptionPlace,
  problem: string,
  hint?: string,
): EngineError {
  return new EngineError(code, `${subject} ${problem}`, hint === undefined ? details : { ...details, hint })
}

/** `rate_limit` for `rateLimit`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `rateLimit` for `rate_limit`. */
export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function asWritten(name: string): string {
  return name
}
