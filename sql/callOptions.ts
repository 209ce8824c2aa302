import { camelCased, isObject } from '../catalog/policy/fields.ts'
import { invalidOption, sqlCallPlace } from '../catalog/policy/place.ts'
import type { CallOptions, CallOutcome } from '../catalog/policy/policies.ts'
import { readCallOptions } from '../catalog/policy/readOptions.ts'
import { showingPlace } from './sqlError.ts'

/** Where options were given. */
export interface OptionsPlace {
  readonly function: string
  readonly outcome: CallOutcome
  readonly statement: string
  /** UTF-16 units from the start of the statement. */
  readonly position: number
}

/** Stands for a value that is no constant. */
export const notConstant: unique symbol = Symbol('not constant')

/**
 * What `options => {…}` of a call says; `value` is its constant. Throws CATALOG_CALL_INVALID, showing the place of the call,
 * for options that do not exist, have another type or are no constants.
 */
export function sqlCallOptions(value: unknown, call: OptionsPlace): CallOptions | null {
  const place = sqlCallPlace(call.function, call.position)
  return showingPlace(call.statement, () => {
    if (value === null) return null
    if (!isObject(value)) {
      throw invalidOption(
        place,
        'has options that are no constants by name',
        "options => {batch_size: 64, on_error: 'null'}",
      )
    }
    const options = readCallOptions(camelCased(value), place)
    if (call.outcome === 'value' || options?.onError === undefined) return options
    throw invalidOption(place, "has on_error, but is tried: its 'error' says why it failed")
  })
}
