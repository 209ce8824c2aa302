import { formatSignature, lookup } from '../../catalog/catalog.ts'
import type { CatalogSnapshot } from '../../catalog/function.ts'
import { EngineError, type ErrorDetails, isEngineError, messageOf } from '../base/errors.ts'

/** DuckDB's complaint in terms of the catalog where it is about one of its functions; any other error as it is. */
export function explainBinding(thrown: unknown, catalog: CatalogSnapshot): unknown {
  if (!isEngineError(thrown) || thrown.code !== 'SQL_INVALID') return thrown
  const message = messageOf(thrown)
  return wrongTypes(message, catalog) ?? unknownFunction(message, catalog) ?? unknownColumn(message) ?? thrown
}

function wrongTypes(message: string, catalog: CatalogSnapshot): EngineError | null {
  const found =
    /No function matches the given name and argument types '"?([\w.@]+?)"?\((.*)\)'\. You might/s.exec(
      message,
    )
  const signature = found === null ? undefined : catalog.functions.get(found[1]!.replace(/@placed$/, ''))
  if (found === null || signature === undefined) return null
  return new EngineError(
    'WRONG_ARGUMENTS',
    `function '${signature.name}' takes other types than (${found[2]})${excerpt(message)}`,
    {
      function: signature.name,
      hint: `its signature is ${formatSignature(signature)}; cast the arguments where that is meant`,
    },
  )
}

function unknownFunction(message: string, catalog: CatalogSnapshot): EngineError | null {
  const found = /Function with name "?([\w.]+)"? does not exist/.exec(message)
  if (found === null) return null
  try {
    lookup(catalog, found[1]!)
    return null
  } catch (error) {
    const suggests = isEngineError(error) && error.message.includes('did you mean')
    return suggests
      ? new EngineError('UNKNOWN_FUNCTION', error.message + excerpt(message), error.details)
      : null
  }
}

function unknownColumn(message: string): EngineError | null {
  const found = /Referenced column "(.*?)" not found in FROM clause!(?:\s*Candidate bindings: (.*))?/.exec(
    message,
  )
  if (found === null) return null
  const details: ErrorDetails =
    found[2] === undefined ? { column: found[1]! } : { column: found[1]!, hint: `near it: ${found[2]}` }
  return new EngineError('UNKNOWN_COLUMN', `unknown column '${found[1]}'${excerpt(message)}`, details)
}

/** The line of the statement with DuckDB's caret below it, if its message has one and it is the user's own text. */
function excerpt(message: string): string {
  const found = /\n(LINE \d+: (?!DESCRIBE )[^\n]*\n\s*\^)/.exec(message)
  return found === null ? '' : `\n${found[1]}`
}
