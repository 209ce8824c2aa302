import type { FunctionSignature } from '../../../catalog/function.ts'
import type { Batch } from '../../../src/arrow/column.ts'
import type { Field, Schema } from '../../../src/base/dataType.ts'
import { ROW_METADATA_COLUMN, ROW_METADATA_INPUT } from '../../../src/protocol/callContext.ts'

const fieldsOfInputs = new WeakMap<readonly Field[], Schema>()

/**
 * The columns of a request: the function's inputs by their names. An input `row_metadata` of type JSON goes last, as what the protocol
 * has for it.
 */
export function sentFields({ inputs }: FunctionSignature): Schema {
  const known = fieldsOfInputs.get(inputs)
  if (known !== undefined) return known
  const at = rowMetadataAt(inputs)
  const fields: Schema =
    at < 0 ? inputs : [...inputs.toSpliced(at, 1), { name: ROW_METADATA_COLUMN, type: { kind: 'blob' } }]
  fieldsOfInputs.set(inputs, fields)
  return fields
}

/** A batch of the function's inputs in the order of {@link sentFields}. */
export function sentColumns({ inputs }: FunctionSignature, { length, columns }: Batch): Batch {
  const at = rowMetadataAt(inputs)
  return { length, columns: at < 0 ? columns : [...columns.toSpliced(at, 1), columns[at]!] }
}

function rowMetadataAt(inputs: readonly Field[]): number {
  return inputs.findIndex(({ name, type }) => name === ROW_METADATA_INPUT && type.kind === 'json')
}
