import type { DataType } from '../../src/base/dataType.ts'

const varchar: DataType = Object.freeze({ kind: 'varchar' })

/** What is known of the error of a row; null for a row that did not fail. */
export const errorType: DataType = Object.freeze({
  kind: 'struct',
  fields: Object.freeze([
    Object.freeze({ name: 'code', type: varchar }),
    Object.freeze({ name: 'message', type: varchar }),
    Object.freeze({ name: 'kind', type: varchar }),
    Object.freeze({ name: 'attempts', type: Object.freeze({ kind: 'integer' }) }),
  ]),
})

/** What a call gives that is tried: its value, null where it failed, and its error, null where it did not. */
export function tryType(output: DataType): DataType {
  return Object.freeze({
    kind: 'struct',
    fields: Object.freeze([
      Object.freeze({ name: 'value', type: output }),
      Object.freeze({ name: 'error', type: errorType }),
    ]),
  })
}
