import { containsCall } from '../expr/walk.ts'
import { planExpressions, planInputs } from './children.ts'
import type { LogicalPlan } from './plan.ts'

/**
 * Parts of a plan that are read from more than one place, the same object each time, and make calls: the innermost first. A
 * common table expression that is read twice is one.
 */
export function sharedCallers(plan: LogicalPlan): readonly LogicalPlan[] {
  const readers = new Map<LogicalPlan, number>()
  const finished: LogicalPlan[] = []
  const visit = (node: LogicalPlan): void => {
    const count = (readers.get(node) ?? 0) + 1
    readers.set(node, count)
    if (count > 1) return
    for (const input of planInputs(node)) visit(input)
    finished.push(node)
  }
  visit(plan)
  return finished.filter((node) => readers.get(node)! > 1 && makesCalls(node))
}

function makesCalls(plan: LogicalPlan): boolean {
  return (
    plan.kind === 'callProject' ||
    planExpressions(plan).some(containsCall) ||
    planInputs(plan).some(makesCalls)
  )
}
