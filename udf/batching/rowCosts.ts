import type { FunctionDefinition } from '../../catalog/defineFunction.ts'
import type { FunctionSignature } from '../../catalog/function.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { decodeColumn } from '../../src/arrow/decode.ts'

/** What counts the cost of each row of a batch, seen as a handler of one row would see it; null where the definition counts none. */
export function costsOf(
  { inputs }: FunctionSignature,
  { costOf }: FunctionDefinition,
): ((batch: Batch) => ArrayLike<number>) | null {
  if (costOf === null) return null
  return ({ length, columns }) => {
    const values = inputs.map(({ name, type }, index) => [name, decodeColumn(type, columns[index]!)] as const)
    return Float64Array.from({ length }, (_, row) =>
      costOf(Object.fromEntries(values.map(([name, column]) => [name, column[row]]))),
    )
  }
}
