import type { CatalogFunctions } from '../catalog/catalogFunctions.ts'
import { EngineError } from '../src/base/errors.ts'
import type { LiteralValue } from '../src/expr/expr.ts'
import { caseWhen, structField, tried } from '../src/expr/factories.ts'
import { type CallArguments, type CallableName, type CallResult, catalogCallExpr } from './catalogCall.ts'
import type { Column, ColumnLike } from './column.ts'
import { columnState } from './column.ts'
import { bareCall } from './columnMethods/calls.ts'
import { columnOf } from './makeColumn.ts'
import { isColumn, toExpr } from './operand.ts'
import { sql } from './sqlPieces.ts'
import type { TriedColumn } from './tryResult.ts'
import type { Either, Evaluated } from './when.ts'

/** As {@link CatalogCall}, but rows that fail do not fail the query. */
export type TryCatalogCall<Functions = CatalogFunctions> = <Name extends CallableName<Functions>>(
  name: Name,
  ...args: CallArguments<Functions, Name>
) => TriedColumn<CallResult<Functions, Name>>

export function tryCatalogCall(name: unknown, ...args: readonly unknown[]): Column {
  return columnOf(tried(catalogCallExpr('tryCatalogCall', name, args)))
}

/**
 * The value of a call or, for rows whose call fails, that of a fallback, which is computed, and if it is a call called, for just
 * those. A null that the function returned stays null.
 */
export type Recover = <T, Fallback extends ColumnLike | LiteralValue>(
  call: ColumnLike<T>,
  fallback: Fallback,
) => Column<Either<T, Evaluated<Fallback>>>

export const recover: Recover = (made, fallback) => {
  const expr = isColumn(made) ? bareCall(made[columnState]) : null
  if (expr === null || expr.outcome === 'try') {
    const problem =
      expr === null ? 'a catalog call, before any other operator' : 'a call that is not tried already'
    throw new EngineError('PLAN_INVALID', `recover takes ${problem}`, {
      hint: "F.recover(F.catalogCall('extract_entities', _.memo), F.lit(null))",
    })
  }
  const outcome = tried(expr)
  const succeeded = sql`(${structField(outcome, 'error')} IS NULL)`
  const branch = { when: succeeded, result: structField(outcome, 'value') }
  return columnOf(caseWhen([branch], toExpr(fallback, 'recover')))
}
