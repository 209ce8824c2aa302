import type { Expr } from '../../expr/expr.ts'
import { someExpr, substituteColumns } from '../../expr/walk.ts'
import { outputColumns } from '../../plan/columns.ts'
import { project } from '../../plan/factories.ts'
import type { LogicalPlan, ProjectPlan } from '../../plan/plan.ts'
import { isSelection, meanings, transformPlan } from '../rewrite.ts'
import type { Rule } from '../rule.ts'

/**
 * Two projections become one if nothing is computed twice by that, and one that changes nothing goes away.
 *
 * ```text
 * project a, next = (x + 1)
 *   project x = a, a = b
 *     project a, b, c, d, e
 *       scan table t
 * ->
 * project a = b, next = (a + 1)
 *   scan table t
 * ```
 */
export const mergeProjections: Rule = {
  name: 'mergeProjections',
  apply: (plan) => transformPlan(plan, (node) => (node.kind === 'project' ? mergeProject(node) : node)),
}

function mergeProject(plan: ProjectPlan): LogicalPlan {
  if (isIdentity(plan)) return plan.input
  const { input } = plan
  if (input.kind !== 'project' || !canMerge(plan, input)) return plan
  const below = meanings(input)
  const items = plan.items.map(({ name, expr }) => ({ name, expr: substituteColumns(expr, below) }))
  return mergeProject(project(input.input, items))
}

function isIdentity({ items, input }: ProjectPlan): boolean {
  const columns = outputColumns(input)
  if (columns?.length !== items.length) return false
  return items.every(({ name, expr }, index) => {
    return expr.kind === 'column' && expr.name === name && columns[index] === name
  })
}

function canMerge(upper: ProjectPlan, lower: ProjectPlan): boolean {
  const renames = lower.items.some(({ name, expr }) => expr.kind !== 'column' || expr.name !== name)
  if (renames && upper.items.some(({ expr }) => someExpr(expr, isSubquery))) return false
  if (isSelection(lower)) return true
  if (!isSelection(upper)) return false
  const names = upper.items.flatMap(({ expr }) => (expr.kind === 'column' ? [expr.name] : []))
  const below = meanings(lower)
  return names.every((name, index) => below.get(name)?.kind === 'column' || names.indexOf(name) === index)
}

function isSubquery(expr: Expr): boolean {
  return expr.kind === 'sql' && expr.scope === 'query'
}
