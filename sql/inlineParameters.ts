import { renderLiteral } from '../src/expr/renderLiteral.ts'
import { type Parameters, valueOf } from './parameters.ts'
import { isOneOf, significantTokens, tokenize } from './tokens.ts'

/**
 * The text with the values of its parameters as constants; those of a PREPARE are for EXECUTE to fill. Throws SQL_INVALID for
 * one without a value.
 */
export function inlineParameters(text: string, parameters: Parameters): string {
  const tokens = tokenize(text)
  if (isOneOf(significantTokens(text)[0], 'prepare')) return text
  let count = 0
  return tokens
    .map((token) => {
      if (token.kind !== 'parameter') return token.text
      const name = token.text === '?' ? String(++count) : token.text.slice(1)
      return `(${renderLiteral(valueOf(name, parameters), null)})`
    })
    .join('')
}
