import type { CaseBranch, LiteralValue } from '../src/expr/expr.ts'
import { caseWhen } from '../src/expr/factories.ts'
import type { Column, ColumnLike, Condition, Untyped } from './column.ts'
import { columnOf } from './makeColumn.ts'
import { toExpr } from './operand.ts'
import { conditionExpr } from './verbArguments.ts'

/** The values of a column or a literal. */
export type Evaluated<Value> = 0 extends 1 & Value
  ? Untyped
  : Value extends ColumnLike<infer Values>
    ? Values
    : Value extends string
      ? string
      : Value extends number
        ? number
        : Value extends boolean
          ? boolean
          : Value extends bigint | null
            ? Value
            : Untyped

/** Values of either of two kinds. */
export type Either<A, B> = [A] extends [never]
  ? B
  : [A] extends [Untyped]
    ? Untyped
    : [B] extends [Untyped]
      ? Untyped
      : A | B

/** A CASE that has a condition and waits for the value. */
export interface When<T> {
  then<Value extends ColumnLike | LiteralValue>(value: Value): Case<Either<T, Evaluated<Value>>>
}

/** A CASE: null where no condition holds, unless `otherwise` ends it. */
export type Case<T> = Column<T | null> & {
  when(condition: Condition): When<T>
  otherwise<Value extends ColumnLike | LiteralValue>(value: Value): Column<Either<T, Evaluated<Value>>>
}

/** Begins a CASE: `when(_.amount.gt(100)).then('large').otherwise('small')`. The first condition that holds decides. */
export function when(condition: Condition): When<never> {
  return nextBranch([], condition)
}

function nextBranch<T>(branches: readonly CaseBranch[], condition: unknown): When<T> {
  const test = conditionExpr(condition, 'when')
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- the field's own word; awaiting it is an error of its own
    then: (value) => caseColumn([...branches, { when: test, result: toExpr(value, 'then') }]),
  }
}

/** Its own methods come before those of columns, which it inherits. */
function caseColumn<T>(branches: readonly CaseBranch[]): Case<T> {
  const column: Case<T> = Object.create(columnOf(caseWhen(branches)), {
    when: { value: (condition: unknown) => nextBranch(branches, condition) },
    otherwise: {
      value: (value: unknown) => columnOf(caseWhen(branches, toExpr(value, 'otherwise'))),
    },
  })
  return Object.freeze(column)
}
