import { EngineError } from '../src/base/errors.ts'
import type { Binder } from './binder.ts'
import { showingPlace } from './sqlError.ts'
import { significantTokens } from './tokens.ts'

/** One statement of a text, without the semicolon and what surrounds it. */
export interface Statement {
  readonly text: string
  /** Where it starts in the whole text, in UTF-16 units. */
  readonly offset: number
}

/**
 * Splits a text into its statements. What DuckDB finds must agree: throws SQL_INVALID for a text that it cannot parse. Empty
 * statements are left out.
 */
export async function splitStatements(text: string, binder: Binder): Promise<readonly Statement[]> {
  const statements = splitText(text)
  if (statements.length === 0) return []
  const counted = await binder.countStatements(text)
  if (counted === statements.length) return statements
  // PIVOT is several statements to DuckDB.
  const each = await Promise.all(statements.map(async (part) => binder.countStatements(part.text)))
  const sum = each.reduce((total, count) => total + count, 0)
  if (sum === counted) return statements
  throw new EngineError('INTERNAL', `DuckDB reads ${counted} statements where ${sum} were found`)
}

/** Splits at the semicolons that are not within a string, a name or a comment. */
export function splitText(text: string): readonly Statement[] {
  const statements: Statement[] = []
  let start: number | null = null
  let end = 0
  const finish = (): void => {
    if (start !== null) statements.push({ text: text.slice(start, end), offset: start })
    start = null
  }
  for (const token of showingPlace(text, () => significantTokens(text))) {
    if (token.kind === 'symbol' && token.text === ';') {
      finish()
    } else {
      start ??= token.start
      end = token.end
    }
  }
  finish()
  return statements
}
