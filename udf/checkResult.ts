import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { ColumnData } from '../src/arrow/column.ts'
import { childTypes, layoutOf } from '../src/arrow/layout.ts'
import type { DataType } from '../src/base/dataType.ts'
import { EngineError } from '../src/base/errors.ts'
import { formatType } from '../src/base/formatType.ts'

/** Whose answer is checked. */
export interface Answer {
  readonly registered: RegisteredFunction
  readonly batch: number
  readonly executor: string
}

/** Throws unless an executor returned as many rows as it was given, in the type of the function. */
export function checkResult(column: ColumnData, rows: number, { registered, batch, executor }: Answer): void {
  const { name, version, output } = registered.signature
  const details = { function: name, version, batch, batchRows: rows }
  const call = `function '${name}' (version ${version}) in batch ${batch}`
  if (column.length !== rows) {
    const message = `executor '${executor}' returned ${column.length} rows for ${rows} of ${call}`
    throw new EngineError('ROWS_LOST', message, details)
  }
  if (!fits(column, output)) {
    throw new EngineError(
      'INTERNAL',
      `executor '${executor}' returned a column that is no ${formatType(output)} for ${call}`,
      details,
    )
  }
}

/** Whether the buffers are those of a column of the type; what they hold is not looked at. */
function fits({ length, offsets, values, children }: ColumnData, type: DataType): boolean {
  const layout = layoutOf(type)
  const types = childTypes(type)
  if (children.length !== types.length || !types.every((child, index) => fits(children[index]!, child)))
    return false
  switch (layout.kind) {
    case 'fixed':
      return values instanceof layout.array && values.length >= length * layout.perRow
    case 'bytes':
      return offsets !== null && offsets.length > length && values instanceof Uint8Array
    case 'list':
      return offsets !== null && offsets.length > length
    case 'array':
      return children.every((child) => child.length >= length * layout.size)
    case 'struct':
      return children.every((child) => child.length >= length)
    case 'union':
      return (
        values instanceof Uint8Array &&
        values.length >= length &&
        children.every((child) => child.length >= length)
      )
    case 'null':
      return true
  }
}
