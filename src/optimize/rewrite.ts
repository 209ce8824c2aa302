import type { Expr, NamedExpr } from '../expr/expr.ts'
import { column } from '../expr/factories.ts'
import { isRowWise, substituteColumns } from '../expr/walk.ts'
import { mapPlanInputs, planInputs } from '../plan/children.ts'
import { outputColumns } from '../plan/columns.ts'
import { project } from '../plan/factories.ts'
import type { LogicalPlan, ProjectPlan } from '../plan/plan.ts'

/** Replaces every node of a plan, inputs first; the same object if nothing changed. */
export function transformPlan(plan: LogicalPlan, replace: (plan: LogicalPlan) => LogicalPlan): LogicalPlan {
  return replace(mapPlanInputs(plan, (input) => transformPlan(input, replace)))
}

export function containsCallProject(plan: LogicalPlan): boolean {
  return plan.kind === 'callProject' || planInputs(plan).some(containsCallProject)
}

/** The operands of an AND, or the expression itself. */
export function conjuncts(expr: Expr): readonly Expr[] {
  return expr.kind === 'and' ? expr.args : [expr]
}

/** Items that pass columns on as they are. */
export function passing(columns: readonly string[]): readonly NamedExpr[] {
  return columns.map((name) => ({ name, expr: column(name) }))
}

/** Just these columns of a plan; the plan itself if it has no others. */
export function keepColumns(plan: LogicalPlan, columns: readonly string[]): LogicalPlan {
  const own = outputColumns(plan)
  const same = own?.length === columns.length && columns.every((name, index) => own[index] === name)
  return same ? plan : project(plan, passing(columns))
}

/** Whether a projection computes nothing: it chooses, renames and reorders columns. */
export function isSelection({ items }: ProjectPlan): boolean {
  return items.every(({ expr }) => expr.kind === 'column')
}

/** What each column of a projection stands for in its input. */
export function meanings({ items }: ProjectPlan): ReadonlyMap<string, Expr> {
  return new Map(items.map(({ name, expr }) => [name, expr]))
}

/**
 * An expression over a selection as one over its input; null if a subquery in it may name a column that is called otherwise
 * there.
 */
export function belowSelection(expr: Expr, selection: ProjectPlan): Expr | null {
  const renames = selection.items.some((item) => item.expr.kind === 'column' && item.expr.name !== item.name)
  return renames && !isRowWise(expr) ? null : substituteColumns(expr, meanings(selection))
}
