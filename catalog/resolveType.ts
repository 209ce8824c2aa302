import { dataTypeOfArrow } from '../src/arrow/arrowSchema.ts'
import { isArrowType } from '../src/arrow/arrowType.ts'
import type { DataType } from '../src/base/dataType.ts'
import { EngineError, isEngineError, messageOf } from '../src/base/errors.ts'
import { parseType } from '../src/base/parseType.ts'
import { isZodType, zodToDataType } from './zodType.ts'

/**
 * The DuckDB type that a definition names by a zod schema, an Arrow type or DuckDB's words. Throws DEFINITION_INVALID, with
 * `place` (`function 'f': input 'memo'`) at the start of the message.
 */
export function resolveType(type: unknown, place: string): DataType {
  if (isZodType(type)) return freeze(zodToDataType(type, place))
  if (typeof type === 'string') return freeze(inPlace(place, () => parseType(type)))
  if (isArrowType(type)) return freeze(inPlace(place, () => dataTypeOfArrow(type)))
  const hint =
    "use a schema of zod 4, a type of apache-arrow, or DuckDB's words, such as 'BIGINT' or 'VARCHAR[]'"
  throw new EngineError('DEFINITION_INVALID', `${place} ${whatItIs(type)}`, { hint })
}

function whatItIs(type: unknown): string {
  if (type === undefined) return 'has no type'
  if (typeof type === 'object' && type !== null && '_def' in type) return 'is a schema of zod 3'
  return `is ${type === null ? 'null' : `a ${typeof type}`}, which is no type`
}

function inPlace(place: string, resolve: () => DataType): DataType {
  try {
    return resolve()
  } catch (thrown) {
    const details =
      isEngineError(thrown) && thrown.details.hint !== undefined ? { hint: thrown.details.hint } : {}
    const [reason = ''] = messageOf(thrown).split('\n')
    throw new EngineError('DEFINITION_INVALID', `${place}: ${reason}`, details, thrown)
  }
}

function freeze<Data extends object>(data: Data): Data {
  for (const value of Object.values(data)) {
    if (typeof value === 'object' && value !== null) freeze(value)
  }
  return Object.freeze(data)
}
