import type { Expr } from '../src/expr/expr.ts'
import { column } from '../src/expr/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { CteScope } from './cteScope.ts'
import { openQuery } from './holes.ts'
import type { Names } from './names.ts'
import { NotLiftable } from './notLiftable.ts'
import { describeQuery, type Planning } from './planning.ts'
import { orNull } from './printer.ts'
import type { Source, StarColumn } from './source.ts'
import { textPlan } from './textRelation.ts'
import type { ColumnTree, ExpressionTree, SelectTree } from './tree.ts'
import { integerTree, selectTree, starTree, subqueryTable } from './treeFactories.ts'
import { sharingKey } from './volatility.ts'

interface Computed {
  readonly tree: ExpressionTree
  /** One, or as many as a star stands for. */
  readonly names: readonly string[]
}

/** FROM as text: `SELECT what is needed FROM … WHERE …`, which DuckDB resolves. */
export class TextSource implements Source {
  readonly #planning: Planning
  readonly #scope: CteScope
  readonly #names: Names
  readonly #computed = new Map<string | symbol, Computed>()
  #query: SelectTree
  #stars = false

  /** `query` has the FROM clause, and SAMPLE if there is one, and nothing else. */
  constructor(query: SelectTree, scope: CteScope, names: Names, planning: Planning) {
    this.#query = query
    this.#scope = scope
    this.#names = names
    this.#planning = planning
  }

  column(tree: ColumnTree): Expr {
    return this.compute(tree)
  }

  compute(tree: ExpressionTree): Expr {
    const key = sharingKey(tree, this.#planning)
    const known = this.#computed.get(key)
    const names = known?.names ?? [this.#names.unique(baseName(tree))]
    if (known === undefined) this.#computed.set(key, { tree, names })
    return column(names[0] ?? '')
  }

  async star(tree: ExpressionTree): Promise<readonly StarColumn[]> {
    const described = await this.#describe({ ...this.#query, select_list: [tree] })
    const names = described.map(({ name }) => this.#names.unique(name))
    this.#stars = true
    this.#computed.set(Symbol('star'), { tree, names })
    return described.map(({ name }, index) => ({ expr: column(names[index] ?? ''), display: name }))
  }

  filter(tree: ExpressionTree): boolean {
    this.#query = { ...this.#query, where_clause: tree }
    return true
  }

  group(keys: readonly ExpressionTree[], sets: readonly (readonly number[])[]): boolean {
    this.#query = { ...this.#query, group_expressions: keys, group_sets: sets }
    return true
  }

  columns(): readonly string[] {
    return [...this.#computed.values()].flatMap(({ names }) => names)
  }

  async finish(): Promise<() => LogicalPlan> {
    // A row without columns would be no row.
    if (this.#computed.size === 0) {
      this.#computed.set('', { tree: integerTree(1), names: [this.#names.unique('row')] })
    }
    const query = this.#named()
    const schema = await this.#describe(query)
    if (schema.length !== this.columns().length) throw new NotLiftable('a star cannot be expanded')
    const holed = await openQuery(query, this.#scope, this.#planning)
    return textPlan(holed, { schema, reason: 'it is part of FROM' }, this.#planning)
  }

  /** Names go into a list of aliases around the query where they could be taken for something within it. */
  #named(): SelectTree {
    const computed = [...this.#computed.values()]
    const grouped = this.#query.group_sets.length > 0
    // In WHERE a column wins over an alias.
    if (!this.#stars && !grouped) {
      const items = computed.map(({ tree, names }) => ({ ...tree, alias: aliasFor(tree, names[0] ?? '') }))
      return { ...this.#query, select_list: items }
    }
    const inner = { ...this.#query, select_list: computed.map(({ tree }) => ({ ...tree, alias: '' })) }
    return selectTree([starTree()], subqueryTable(inner, 'source', this.columns()))
  }

  async #describe(query: SelectTree): Promise<Awaited<ReturnType<typeof describeQuery>>> {
    const described = await orNull(describeQuery(this.#planning, this.#scope.close(query)))
    if (described === null) throw new NotLiftable('its FROM clause does not stand alone')
    return described
  }
}

function aliasFor(tree: ExpressionTree, name: string): string {
  return tree.class === 'COLUMN_REF' && tree.column_names.at(-1) === name ? '' : name
}

function baseName(tree: ExpressionTree): string {
  if (tree.class === 'COLUMN_REF') return tree.column_names.at(-1) ?? ''
  return tree.class === 'FUNCTION' && !tree.is_operator ? tree.function_name : 'value'
}
