import { nameKey } from '../src/plan/names.ts'
import { NotLiftable } from './notLiftable.ts'
import type { Planning } from './planning.ts'
import type { SelectItem } from './selectItems.ts'
import type { ExpressionTree } from './tree.ts'
import { mapTree, walkTree } from './treeWalk.ts'
import { isVolatile } from './volatility.ts'

/**
 * The names that a select list gives to its items, for the clauses that may use them. In all of them but a whole ORDER BY
 * term a column of FROM wins over an alias.
 */
export class SelectAliases {
  readonly #trees: ReadonlyMap<string, ExpressionTree>
  readonly #ambiguous: ReadonlySet<string>
  readonly #columns: ReadonlySet<string>
  readonly #planning: Planning

  /** `columns` are those aliases, as keys, that are also columns of FROM. */
  constructor(items: readonly SelectItem[], columns: ReadonlySet<string>, planning: Planning) {
    const trees = new Map<string, ExpressionTree>()
    const ambiguous = new Set<string>()
    for (const { tree, alias } of items) {
      if (alias === '' || tree === null) continue
      const key = nameKey(alias)
      if (trees.has(key)) ambiguous.add(key)
      trees.set(key, tree)
    }
    this.#trees = trees
    this.#ambiguous = ambiguous
    this.#columns = columns
    this.#planning = planning
  }

  /** The expression with aliases replaced by what they stand for. */
  expand(tree: ExpressionTree): ExpressionTree {
    this.#checkLambdas(tree)
    return mapTree(tree, {
      expression: (part): ExpressionTree | undefined => {
        const key = soleName(part)
        const meant = key === null || this.#columns.has(key) ? undefined : this.#trees.get(key)
        if (meant === undefined || key === null) return undefined
        if (this.#ambiguous.has(key)) throw new NotLiftable(`'${key}' names two columns`)
        // Each use would be another value.
        if (isVolatile(meant, this.#planning)) throw new NotLiftable(`'${key}' is volatile`)
        return { ...meant, alias: part.alias }
      },
      query: (query) => query,
    })
  }

  /** Whether an expression is just an alias, which is ambiguous for none. */
  isAlias(tree: ExpressionTree): boolean {
    const key = soleName(tree)
    return key !== null && this.#trees.has(key) && !this.#ambiguous.has(key)
  }

  /** A parameter of a lambda may hide an alias. */
  #checkLambdas(tree: ExpressionTree): void {
    walkTree(tree, {
      expression: (part) => {
        if (part.class !== 'LAMBDA') return
        walkTree(part.lhs, {
          expression: (parameter) => {
            const key = soleName(parameter)
            if (key === null || !this.#trees.has(key) || this.#columns.has(key)) return
            throw new NotLiftable(`'${key}' is an alias and a parameter of a lambda`)
          },
        })
      },
      query: () => false,
    })
  }
}

/** Keys of the aliases that some expression uses as a name, which a column of FROM might be meant by. */
export function usedAliases(items: readonly SelectItem[], trees: unknown): ReadonlySet<string> {
  const aliases = new Set(items.filter(({ alias }) => alias !== '').map(({ alias }) => nameKey(alias)))
  const used = new Set<string>()
  walkTree(trees, {
    expression: (part) => {
      const key = soleName(part)
      if (key !== null && aliases.has(key)) used.add(key)
    },
    query: () => false,
  })
  return used
}

/** The items with earlier aliases replaced in later ones. */
export function expandItems(
  items: readonly SelectItem[],
  columns: ReadonlySet<string>,
  planning: Planning,
): readonly SelectItem[] {
  const expanded: SelectItem[] = []
  for (const item of items) {
    const aliases = new SelectAliases(expanded, columns, planning)
    expanded.push(item.tree === null ? item : { ...item, tree: aliases.expand(item.tree) })
  }
  return expanded
}

/** The key of an unqualified column reference. */
function soleName(tree: ExpressionTree): string | null {
  if (tree.class !== 'COLUMN_REF') return null
  const [name, ...more] = tree.column_names
  return name === undefined || more.length > 0 ? null : nameKey(name)
}
