import { renderLiteral } from '../src/expr/renderLiteral.ts'
import { type Parameters, valueOf } from './parameters.ts'
import { tokenize } from './tokens.ts'

/** The text with the values of its parameters as constants. Throws SQL_INVALID for one without a value. */
export function inlineParameters(text: string, parameters: Parameters): string {
  let count = 0
  return tokenize(text)
    .map((token) => {
      if (token.kind !== 'parameter') return token.text
      const name = token.text === '?' ? String(++count) : token.text.slice(1)
      return `(${renderLiteral(valueOf(name, parameters), null)})`
    })
    .join('')
}
