import { column } from '../src/expr/factories.ts'
import { project } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { type Clause, columnExpr, type PendingExpr, translateText } from './expression.ts'
import type { Stage } from './groupStage.ts'
import type { Names } from './names.ts'
import type { ExpressionTree } from './tree.ts'
import { sharingKey } from './volatility.ts'

/** Window functions as columns, over what `below` yields. */
export class WindowStage implements Stage {
  readonly #below: Clause
  readonly #columns: () => readonly string[]
  readonly #names: Names
  readonly #windows = new Map<string | symbol, { readonly name: string; readonly expr: PendingExpr }>()

  constructor(below: Clause, columns: () => readonly string[], names: Names) {
    this.#below = below
    this.#columns = columns
    this.#names = names
  }

  readonly unit = (tree: ExpressionTree): PendingExpr | null => {
    if (tree.class !== 'WINDOW') return this.#below.unit(tree)
    const key = sharingKey(tree, this.#below.planning)
    const known = this.#windows.get(key)
    if (known !== undefined) return columnExpr(known.name)
    const base = 'function_name' in tree ? String(tree.function_name) : 'window'
    const made = { name: this.#names.unique(base), expr: translateText(tree, this.#below, 'window') }
    this.#windows.set(key, made)
    return columnExpr(made.name)
  }

  columns(): readonly string[] {
    return [...this.#columns(), ...[...this.#windows.values()].map(({ name }) => name)]
  }

  finish(): (input: LogicalPlan) => LogicalPlan {
    const windows = [...this.#windows.values()]
    if (windows.length === 0) return (input) => input
    return (input) => {
      const passed = this.#columns().map((name) => ({ name, expr: column(name) }))
      return project(input, [...passed, ...windows.map(({ name, expr }) => ({ name, expr: expr() }))])
    }
  }
}
