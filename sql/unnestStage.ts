import { column } from '../src/expr/factories.ts'
import { opaque, project } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { type Clause, columnExpr, type PendingExpr, translate } from './expression.ts'
import type { Stage } from './groupStage.ts'
import type { Names } from './names.ts'
import type { ExpressionTree, FunctionTree } from './tree.ts'
import { baseTable, columnTree, selectTree } from './treeFactories.ts'
import { sharingKey } from './volatility.ts'

interface Unnested {
  readonly name: string
  /** The function over columns that hold its arguments. */
  readonly tree: FunctionTree
}

/** `unnest` in a select list: DuckDB gives a row for each item, over lists that were computed before. */
export class UnnestStage implements Stage {
  readonly #below: Clause
  readonly #columns: () => readonly string[]
  readonly #names: Names
  readonly #unnested = new Map<string | symbol, Unnested>()
  readonly #arguments: { readonly name: string; readonly expr: PendingExpr }[] = []

  constructor(below: Clause, columns: () => readonly string[], names: Names) {
    this.#below = below
    this.#columns = columns
    this.#names = names
  }

  readonly unit = (tree: ExpressionTree): PendingExpr | null => {
    const { kinds } = this.#below.planning
    if (tree.class !== 'FUNCTION' || !kinds.of(tree.function_name).unnests) return this.#below.unit(tree)
    const key = sharingKey(tree, this.#below.planning)
    const known = this.#unnested.get(key)
    if (known !== undefined) return columnExpr(known.name)
    const children = tree.children.map((child) => this.#argument(child))
    const made = { name: this.#names.unique(tree.function_name), tree: { ...tree, children } }
    this.#unnested.set(key, made)
    return columnExpr(made.name)
  }

  columns(): readonly string[] {
    return [...this.#columns(), ...[...this.#unnested.values()].map(({ name }) => name)]
  }

  finish(): (input: LogicalPlan) => LogicalPlan {
    const unnested = [...this.#unnested.values()]
    if (unnested.length === 0) return (input) => input
    const { printer } = this.#below.planning
    const items = [
      ...this.#columns().map((name) => columnTree(name)),
      ...unnested.map(({ name, tree }) => ({ ...tree, alias: name })),
    ]
    const template = printer.query(selectTree(items, baseTable(printer.placeholder(0))))
    return (input) => {
      const passed = this.#columns().map((name) => ({ name, expr: column(name) }))
      const args = this.#arguments.map(({ name, expr }) => ({ name, expr: expr() }))
      return opaque(template().parts, [project(input, [...passed, ...args])])
    }
  }

  #argument(tree: ExpressionTree): ExpressionTree {
    // Options of unnest must stay constants.
    if (tree.class === 'CONSTANT' || (tree.class === 'CAST' && tree.child.class === 'CONSTANT')) return tree
    const name = this.#names.unique('items')
    this.#arguments.push({ name, expr: translate({ ...tree, alias: '' }, this.#below) })
    return { ...columnTree(name), alias: tree.alias }
  }
}
