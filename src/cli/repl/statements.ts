import { type Token, tokenize } from '../../../sql/tokens.ts'
import { isEngineError } from '../../base/errors.ts'

export interface SplitText {
  /** Statements that ended with `;`, without it. */
  readonly statements: readonly string[]
  /** What was begun after them; empty if nothing was. */
  readonly rest: string
}

/** Splits text at the semicolons that end statements: those in strings, quoted names and comments do not. */
export function splitStatements(text: string): SplitText {
  const statements: string[] = []
  let start = 0
  let hasContent = false
  const { tokens, isOpen } = readTokens(text)
  for (const { kind, text: token, start: at, end } of tokens) {
    if (kind === 'symbol' && token === ';') {
      if (hasContent) statements.push(text.slice(start, at).trim())
      start = end
      hasContent = false
    } else if (kind !== 'space' && kind !== 'comment') hasContent = true
  }
  return { statements, rest: hasContent || isOpen ? text.slice(start) : '' }
}

/** A statement on one line, for the history: without comments, and null where a string holds a line break. */
export function onOneLine(statement: string): string | null {
  const parts: string[] = []
  for (const { kind, text } of readTokens(statement).tokens) {
    const isGap = kind === 'comment' || kind === 'space'
    if (!isGap) parts.push(text)
    else if (parts.at(-1) !== ' ') parts.push(' ')
  }
  const line = parts.join('').trim()
  return line.includes('\n') ? null : line
}

/** Tokens up to a string, name or comment that is still open. */
function readTokens(text: string): { tokens: readonly Token[]; isOpen: boolean } {
  try {
    return { tokens: tokenize(text), isOpen: false }
  } catch (error) {
    const open = isEngineError(error) ? error.details.position : undefined
    if (open === undefined) throw error
    return { tokens: tokenize(text.slice(0, open)), isOpen: true }
  }
}
