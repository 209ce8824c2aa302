import { collectColumns } from '../expr/walk.ts'
import { planExpressions, planInputs } from '../plan/children.ts'
import { outputColumns } from '../plan/columns.ts'
import { nameKey } from '../plan/names.ts'
import type { LogicalPlan } from '../plan/plan.ts'

/** Names for helper columns that no column of a plan has: `__call_0`, `__call_1`, … */
export class FreshNames {
  readonly #taken = new Set<string>()
  readonly #next = new Map<string, number>()

  constructor(plan: LogicalPlan) {
    this.#collect(plan)
  }

  next(prefix: string): string {
    let index = this.#next.get(prefix) ?? 0
    while (this.#taken.has(`${prefix}_${index}`)) index++
    this.#next.set(prefix, index + 1)
    return `${prefix}_${index}`
  }

  #collect(plan: LogicalPlan): void {
    for (const name of outputColumns(plan) ?? []) this.#taken.add(nameKey(name))
    for (const expr of planExpressions(plan))
      for (const name of collectColumns(expr)) this.#taken.add(nameKey(name))
    for (const input of planInputs(plan)) this.#collect(input)
  }
}
