import type { ErrorCode } from '../src/base/errorCodes.ts'
import { EngineError, type ErrorDetails, isEngineError } from '../src/base/errors.ts'

const widestLine = 100

/** The text that a position belongs to: a part of a statement that starts `offset` UTF-16 units into it. */
export interface StatementText {
  readonly statement: string
  readonly offset: number
}

/** An error that shows its place in the statement. `position` counts UTF-16 units of the statement. */
export function errorAt(
  code: ErrorCode,
  message: string,
  statement: string,
  details: ErrorDetails & { readonly position: number },
): EngineError {
  return new EngineError(code, `${message}\n${excerpt(statement, details.position)}`, details)
}

/** Runs `act`; an error of it that has a position, but does not show it yet, comes out with the place shown. */
export function showingPlace<Result>(statement: string, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    if (!isEngineError(error) || error.details.position === undefined) throw error
    const { position, hint } = error.details
    const message = hint === undefined ? error.message : error.message.slice(0, -(hint.length + 3))
    throw errorAt(error.code, message, statement, { ...error.details, position })
  }
}

/** UTF-16 position of a code point, as DuckDB counts in the errors of its parser. */
export function positionOfCodePoint(text: string, index: number): number {
  return Array.from(text).slice(0, index).join('').length
}

/** UTF-16 position of a byte in the UTF-8 form of a text, as DuckDB counts in its trees. */
export function positionOfByte(text: string, byte: number): number {
  return Buffer.from(text).subarray(0, byte).toString().length
}

/** The line around a position, with a caret under it. */
function excerpt(statement: string, position: number): string {
  const lineStart = statement.lastIndexOf('\n', position - 1) + 1
  const nextLine = statement.indexOf('\n', position)
  const lineEnd = nextLine < 0 ? statement.length : nextLine
  const number = statement.slice(0, lineStart).split('\n').length
  const column = position - lineStart
  const cut = Math.max(0, column - Math.floor(widestLine / 2))
  const before = cut > 0 ? '…' : ''
  const line = statement.slice(lineStart + cut, Math.min(lineEnd, lineStart + cut + widestLine))
  const after = lineStart + cut + widestLine < lineEnd ? '…' : ''
  const prefix = `  LINE ${number}: ${before}`
  return `${prefix}${line}${after}\n${' '.repeat(prefix.length + column - cut)}^`
}
