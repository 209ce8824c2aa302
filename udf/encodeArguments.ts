import { checkArity } from '../catalog/catalog.ts'
import type { FunctionSignature } from '../catalog/function.ts'
import type { Batch } from '../src/arrow/column.ts'
import { encodeColumn } from '../src/arrow/encode.ts'
import { EngineError } from '../src/base/errors.ts'

/** Rows of arguments, a list of values each, as a batch. Throws WRONG_ARGUMENTS for values that do not fit their inputs. */
export function encodeArguments(signature: FunctionSignature, rows: readonly (readonly unknown[])[]): Batch {
  for (const row of rows) checkArity(signature, row.length)
  const columns = signature.inputs.map(({ name, type }, index) =>
    encodeColumn(
      type,
      rows.map((row) => row[index]),
      (row, problem) => {
        throw new EngineError(
          'WRONG_ARGUMENTS',
          `function '${signature.name}' cannot take its argument '${name}'${rows.length > 1 ? ` in row ${row}` : ''}: got ${problem}`,
          { function: signature.name, version: signature.version, column: name, row },
        )
      },
    ),
  )
  return { length: rows.length, columns }
}
