import type { CatalogSnapshot } from '../catalog/function.ts'
import { nameKey } from '../src/plan/names.ts'
import { callOf } from './bindCalls.ts'
import { NotLiftable } from './notLiftable.ts'
import type { BaseTableTree, CteTree, QueryTree, TableTree } from './tree.ts'
import { mapTree, someExpression, type TreeMapping } from './treeWalk.ts'

/** A common table expression and the ones that its own text can see. */
export interface Cte {
  readonly tree: CteTree
  readonly recursive: boolean
  readonly scope: CteScope
}

/** The common table expressions that a part of a statement can see; inner ones hide outer ones of the same name. */
export class CteScope {
  readonly #catalog: CatalogSnapshot
  readonly #byName: ReadonlyMap<string, Cte>
  readonly #withCalls = new Map<Cte, boolean>()

  constructor(catalog: CatalogSnapshot, byName: ReadonlyMap<string, Cte> = new Map()) {
    this.#catalog = catalog
    this.#byName = byName
  }

  /** What is seen below a query that defines more. */
  extend(query: QueryTree): CteScope {
    let scope = new CteScope(this.#catalog, this.#byName)
    for (const tree of query.cte_map.map) {
      const recursive = tree.value.query.node.type === 'RECURSIVE_CTE_NODE'
      const cte = { tree, recursive, scope }
      scope = new CteScope(this.#catalog, new Map(scope.#byName).set(nameKey(tree.key), cte))
    }
    return scope
  }

  find({ table_name, schema_name, catalog_name }: BaseTableTree): Cte | null {
    if (schema_name !== '' || catalog_name !== '') return null
    return this.#byName.get(nameKey(table_name)) ?? null
  }

  /** Whether a tree holds a call, or reads a common table expression that does. */
  hasCalls(tree: unknown): boolean {
    return this.#callsIn(tree) || [...this.referenced(tree)].some((cte) => this.cteHasCalls(cte))
  }

  cteHasCalls(cte: Cte): boolean {
    const known = this.#withCalls.get(cte)
    if (known !== undefined) return known
    const { node } = cte.tree.value.query
    const has = this.#callsIn(node) || [...CteScope.read(cte)].some((other) => this.cteHasCalls(other))
    this.#withCalls.set(cte, has)
    return has
  }

  /**
   * A query that can stand alone: with the definitions that it reads, directly or through others, in front of it. A reference
   * that `replace` gives something else for needs no definition.
   */
  close(
    query: QueryTree,
    replace: (cte: Cte, table: BaseTableTree) => TableTree | null = () => null,
  ): QueryTree {
    const needed = new Map<string, Cte>()
    const replaced = this.#mapReferences(query, new Set(), (cte, table) => {
      const other = replace(cte, table)
      if (other === null) require(cte, needed)
      return other
    })
    if (needed.size === 0) return replaced
    if (replaced.cte_map.map.some(({ key }) => needed.has(nameKey(key)))) {
      throw new NotLiftable('two common table expressions have one name')
    }
    const map = [...[...needed.values()].map(({ tree }) => tree), ...replaced.cte_map.map]
    return { ...replaced, cte_map: { ...replaced.cte_map, map } }
  }

  #callsIn(tree: unknown): boolean {
    return someExpression(tree, (expression) => callOf(expression, this.#catalog) !== null)
  }

  /** The definitions that the text of one reads. */
  static read(cte: Cte): ReadonlySet<Cte> {
    const hidden = cte.recursive ? [nameKey(cte.tree.key)] : []
    return cte.scope.referenced(cte.tree.value.query.node, new Set(hidden))
  }

  /** The definitions that a tree reads itself. */
  referenced(tree: unknown, hidden: ReadonlySet<string> = new Set()): ReadonlySet<Cte> {
    const found = new Set<Cte>()
    this.#mapReferences(tree, hidden, (cte) => {
      found.add(cte)
      return null
    })
    return found
  }

  /** Sees each reference to a definition of this scope that none within the tree hides. */
  #mapReferences<Tree>(
    tree: Tree,
    hidden: ReadonlySet<string>,
    map: (cte: Cte, table: BaseTableTree) => TableTree | null,
  ): Tree {
    const mapping: TreeMapping = {
      table: (table) => {
        if (table.type !== 'BASE_TABLE' || hidden.has(nameKey(table.table_name))) return undefined
        const cte = this.find(table)
        return cte === null ? undefined : (map(cte, table) ?? table)
      },
      query: (query) => {
        if (query.cte_map.map.length === 0) return undefined
        const inner = new Set(hidden)
        const definitions = query.cte_map.map.map((cte) => {
          const recursive = cte.value.query.node.type === 'RECURSIVE_CTE_NODE'
          const own = nameKey(cte.key)
          const seen = recursive ? new Set([...inner, own]) : new Set(inner)
          inner.add(own)
          return this.#mapReferences(cte, seen, map)
        })
        const body = this.#mapReferences({ ...query, cte_map: { map: [] } }, inner, map)
        return { ...body, cte_map: { ...query.cte_map, map: definitions } }
      },
    }
    return mapTree(tree, mapping)
  }
}

function require(cte: Cte, needed: Map<string, Cte>): void {
  const name = nameKey(cte.tree.key)
  if (needed.get(name) === cte) return
  for (const other of CteScope.read(cte)) require(other, needed)
  if (needed.has(name)) throw new NotLiftable('two common table expressions have one name')
  needed.set(name, cte)
}
