import type { Expr } from '../src/expr/expr.ts'
import { column, sql } from '../src/expr/factories.ts'
import { quoteIdentifier } from '../src/expr/render.ts'
import { nameKey } from '../src/plan/names.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { NotLiftable } from './notLiftable.ts'
import type { Relation, RelationColumn } from './planning.ts'
import type { Source, StarColumn } from './source.ts'
import type { ColumnTree, ExpressionTree, StarTree } from './tree.ts'

/** FROM a single relation whose columns are known, so that what is above it can be moved below its calls. */
export class RelationSource implements Source {
  readonly #relation: Relation
  readonly #alias: string
  readonly #byKey: ReadonlyMap<string, RelationColumn>

  /** `alias` is the name by which columns can be qualified, '' for none. Throws NotLiftable for columns of one name. */
  constructor(relation: Relation, alias: string) {
    this.#relation = relation
    this.#alias = nameKey(alias)
    this.#byKey = new Map(relation.columns.map((own) => [nameKey(own.display), own]))
    if (this.#byKey.size !== relation.columns.length) throw new NotLiftable('columns share a name')
  }

  column({ column_names: path }: ColumnTree): Expr {
    const [first = '', second] = path.map(nameKey)
    const qualified = first === this.#alias && second !== undefined ? this.#byKey.get(second) : undefined
    const own = this.#byKey.get(first)
    if (qualified !== undefined && own !== undefined) throw new NotLiftable(`'${first}' is ambiguous`)
    const found = qualified ?? own
    if (found === undefined) throw new NotLiftable(`column '${path.join('.')}' is not one of its source`)
    const fields = path.slice(qualified === undefined ? 1 : 2)
    if (fields.length === 0) return column(found.name)
    const suffix = fields.map((field) => `.${quoteIdentifier(field)}`).join('')
    return sql(['(', `)${suffix}`], [column(found.name)])
  }

  async star(tree: ExpressionTree): Promise<readonly StarColumn[]> {
    if (tree.class !== 'STAR' || !isPlainStar(tree)) throw new NotLiftable('it is beside a star with options')
    const { relation_name: qualifier } = tree
    if (qualifier !== '' && nameKey(qualifier) !== this.#alias) {
      throw new NotLiftable(`'${qualifier}' is not its source`)
    }
    const excluded = new Set(tree.exclude_list.map(nameKey))
    const renamed = new Map(tree.rename_list.map(({ key, value }) => [nameKey(key.column), value]))
    return this.#relation.columns
      .filter(({ display }) => !excluded.has(nameKey(display)))
      .map(({ name, display }) => ({
        expr: column(name),
        display: renamed.get(nameKey(display)) ?? display,
      }))
  }

  compute(): null {
    return null
  }

  filter(): boolean {
    return false
  }

  group(): boolean {
    return false
  }

  columns(): readonly string[] {
    return this.#relation.columns.map(({ name }) => name)
  }

  async finish(): Promise<() => LogicalPlan> {
    return this.#relation.plan
  }
}

const understood: ReadonlySet<string> = new Set([
  'alias',
  'query_location',
  'relation_name',
  'exclude_list',
  'rename_list',
])

function isPlainStar(tree: StarTree): boolean {
  return Object.entries(tree).every(
    ([key, option]) =>
      understood.has(key) ||
      option === 'STAR' ||
      option === null ||
      option === false ||
      (Array.isArray(option) && option.length === 0),
  )
}
