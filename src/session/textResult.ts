import { encodeColumn } from '../arrow/encode.ts'
import type { Field } from '../base/dataType.ts'
import type { QueryRun } from '../run/queryRun.ts'
import { Result } from './result.ts'

/** A result of one row and one column. */
export function textResult(name: string, text: string, query: QueryRun): Result {
  const field: Field = { name, type: { kind: 'varchar' } }
  return new Result([{ length: 1, columns: [encodeColumn(field.type, [text])] }], query, [field])
}
