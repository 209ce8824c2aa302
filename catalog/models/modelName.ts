import { EngineError } from '../../src/base/errors.ts'
import { checkFunctionName } from '../functionName.ts'
import { latestAlias } from './findVersion.ts'

const partPattern = /^[a-z][a-z0-9_]*$/i
const aliasPattern = /^[a-z][a-z0-9_-]{0,127}$/i

/** Throws NAME_INVALID for a model or group that could not be the second part of a function's name. */
export function checkModelName(name: unknown, what: 'model' | 'group'): asserts name is string {
  if (typeof name !== 'string' || !partPattern.test(name))
    throw invalid(name, what, "use letters, digits and '_', starting with a letter")
  checkFunctionName(`model.${name}`)
}

/** Throws NAME_INVALID. That of the highest version is {@link latestAlias}, which nobody may set. */
export function checkAlias(alias: unknown): asserts alias is string {
  if (typeof alias !== 'string' || !aliasPattern.test(alias))
    throw invalid(alias, 'alias', "use letters, digits, '_' and '-', starting with a letter; at most 128")
  if (alias.toLowerCase() !== latestAlias) return
  throw new EngineError('NAME_INVALID', `alias '${latestAlias}' always stands for the highest version`, {
    hint: "choose another name, such as 'prod'",
  })
}

function invalid(name: unknown, what: string, hint: string): EngineError {
  const shown = typeof name === 'string' ? JSON.stringify(name).slice(1, -1) : null
  const problem = shown === null ? `must be a string, got ${typeof name}` : `cannot be '${shown}'`
  return new EngineError('NAME_INVALID', `the name of ${articles[what] ?? 'a'} ${what} ${problem}`, { hint })
}

const articles: Readonly<Record<string, string>> = { alias: 'an' }
