import type { CatalogFunctions } from '../catalog/catalogFunctions.ts'
import { EngineError } from '../src/base/errors.ts'
import type { CallExpr, LiteralValue } from '../src/expr/expr.ts'
import { call } from '../src/expr/factories.ts'
import type { Argument, Column, ColumnLike, Untyped } from './column.ts'
import { columnOf } from './makeColumn.ts'
import { describe, toExpr } from './operand.ts'

/** Names that may be called: any while the compiler knows of no function. */
export type CallableName<Functions> = keyof Functions extends never ? string : keyof Functions & string

/** The arguments of a function: columns or literals of the types that it takes, or columns of unknown type. */
export type CallArguments<Functions, Name> = Name extends keyof Functions
  ? Functions[Name] extends { readonly args: infer Args extends readonly unknown[] }
    ? { [Index in keyof Args]: Argument<Args[Index]> }
    : never
  : readonly (ColumnLike | LiteralValue)[]

export type CallResult<Functions, Name> = Name extends keyof Functions
  ? Functions[Name] extends { readonly result: infer Result }
    ? Result
    : never
  : Untyped

/**
 * A call of a catalog function by its name. With the `catalog.d.ts` of `callplane types`, the compiler checks the name and the
 * number and types of the arguments, and knows the type of the result.
 */
export type CatalogCall<Functions = CatalogFunctions> = <Name extends CallableName<Functions>>(
  name: Name,
  ...args: CallArguments<Functions, Name>
) => Column<CallResult<Functions, Name>>

export const catalogCall: CatalogCall = (name, ...args) =>
  columnOf(catalogCallExpr('catalogCall', name, args))

/** The call that `F.catalogCall` or `F.tryCatalogCall`, whichever `place` says, was given. */
export function catalogCallExpr(place: string, name: unknown, args: readonly unknown[]): CallExpr {
  if (typeof name !== 'string' || name === '') {
    throw new EngineError(
      'WRONG_ARGUMENTS',
      `${place} takes the name of a function first, got ${describe(name)}`,
      { hint: `F.${place}('extract_entities', _.memo)` },
    )
  }
  return call(
    name,
    args.map((value) => toExpr(value, `${place} '${name}'`)),
  )
}
