import { exprKey } from '../../expr/equal.ts'
import type { Expr } from '../../expr/expr.ts'
import { and, caseWhen, sql } from '../../expr/factories.ts'

/** A guard says for which rows an operand is reached: those for which it is true. Null is every row. */
export type Guard = Expr | null

export function isNull(expr: Expr): Expr {
  return sql(['(', ' IS NULL)'], [expr])
}

export function isNotTrue(expr: Expr): Expr {
  return sql(['(', ' IS NOT TRUE)'], [expr])
}

export function isNotFalse(expr: Expr): Expr {
  return sql(['(', ' IS NOT FALSE)'], [expr])
}

/**
 * The rows of a guard for which `test`, a condition about `operand`, holds too. The operand is not computed for other rows,
 * where it might fail: AND outside of WHERE computes both its sides, CASE does not.
 */
export function within(guard: Guard, test: Expr, operand: Expr): Expr {
  if (guard === null) return test
  const harmless = operand.kind === 'column' || operand.kind === 'literal'
  return harmless ? and([guard, test]) : caseWhen([{ when: guard, result: test }])
}

/** The conditions that all hold where a guard is true. */
export function guardConditions(guard: Guard): readonly Expr[] {
  if (guard === null) return []
  if (guard.kind === 'and') return guard.args.flatMap(guardConditions)
  const [branch] = guard.kind === 'case' ? guard.branches : []
  const nested = guard.kind === 'case' && guard.branches.length === 1 && guard.otherwise === null
  if (!nested || branch === undefined) return [guard]
  return [...guardConditions(branch.when), ...guardConditions(branch.result)]
}

/** Whether all rows of a guard are rows of another. */
export function implies(guard: Guard, other: Guard): boolean {
  const conditions = new Set(guardConditions(guard).map(exprKey))
  return guardConditions(other).every((condition) => conditions.has(exprKey(condition)))
}
