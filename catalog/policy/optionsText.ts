import { camelCased, isObject } from './fields.ts'
import { givenOptions } from './givenOptions.ts'
import { callPlace, invalidOption, snakeCase } from './place.ts'
import type { CallOptions } from './policies.ts'
import { readCallOptions } from './readOptions.ts'

/** Options as they travel through DuckDB, where a view may keep them: JSON text by the names that SQL gives them. */
export function optionsText(options: CallOptions): string {
  return JSON.stringify(givenOptions(options))
}

/** Reads what {@link optionsText} wrote. Throws WRONG_ARGUMENTS for another text. */
export function parseOptionsText(text: string, functionName: string): CallOptions | null {
  const place = { ...callPlace(functionName), spell: snakeCase }
  const given = parsed(text)
  if (!isObject(given)) throw invalidOption(place, `has options that are no JSON object: ${text}`)
  return readCallOptions(camelCased(given), place)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
