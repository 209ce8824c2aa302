import type { DataType } from '../src/base/dataType.ts'
import { EngineError, isEngineError } from '../src/base/errors.ts'
import { parseType } from '../src/base/parseType.ts'
import { describe } from './operand.ts'

/** A type in DuckDB's words; throws WRONG_ARGUMENTS for what is none. `place` starts the message. */
export function parsedType(text: unknown, place: string): DataType {
  if (typeof text !== 'string') {
    const hint = "write it in DuckDB's words: 'BIGINT', 'DECIMAL(18,3)', 'VARCHAR[]'"
    throw new EngineError('WRONG_ARGUMENTS', `${place} takes a type, got ${describe(text)}`, { hint })
  }
  try {
    return parseType(text)
  } catch (thrown) {
    if (!isEngineError(thrown)) throw thrown
    throw new EngineError('WRONG_ARGUMENTS', `${place}: ${thrown.message}`, {}, thrown)
  }
}
