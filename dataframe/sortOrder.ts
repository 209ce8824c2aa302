import { EngineError } from '../src/base/errors.ts'
import type { Expr } from '../src/expr/expr.ts'
import { column } from '../src/expr/factories.ts'
import type { SortKey } from '../src/plan/plan.ts'
import { type SortOrder, sortKey } from './column.ts'
import { describe, exprOf, isColumn } from './operand.ts'

export function sortOrder(key: SortKey): SortOrder {
  return Object.freeze({
    [sortKey]: Object.freeze(key),
    nullsFirst: () => sortOrder({ ...key, nullsFirst: true }),
    nullsLast: () => sortOrder({ ...key, nullsFirst: false }),
  })
}

/** The expression of a key: a column by its name, or the column itself. */
export function keyExpr(key: unknown, place: string): Expr {
  if (typeof key === 'string') return column(key)
  if (isColumn(key)) return exprOf(key)
  throw new EngineError('WRONG_ARGUMENTS', `${place} takes names and columns, got ${describe(key)}`)
}

/** The sort key of a name, a column or a sort order; ascending, nulls as DuckDB has them, unless it says otherwise. */
export function toSortKey(sort: unknown, place: string): SortKey {
  if (isSortOrder(sort)) return sort[sortKey]
  return Object.freeze({ expr: keyExpr(sort, place), descending: false, nullsFirst: null })
}

function isSortOrder(value: unknown): value is SortOrder {
  return typeof value === 'object' && value !== null && sortKey in value
}
