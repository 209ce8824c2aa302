import { project } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { PendingExpr } from './expression.ts'
import type { RelationColumn } from './planning.ts'

/** The select list and what comes after it: DISTINCT, ORDER BY, LIMIT. */
export interface SelectOutput {
  readonly columns: readonly RelationColumn[]
  readonly plan: (input: LogicalPlan) => LogicalPlan
}

export interface OutputColumn extends RelationColumn {
  readonly expr: PendingExpr
}

export function projectTo(input: LogicalPlan, columns: readonly OutputColumn[]): LogicalPlan {
  return project(
    input,
    columns.map(({ name, expr }) => ({ name, expr: expr() })),
  )
}
