import type { Schema } from '../src/base/dataType.ts'
import type { Expr } from '../src/expr/expr.ts'
import { nameKey } from '../src/plan/names.ts'
import { hasLiftableCall } from './inPlaceCalls.ts'
import { NotLiftable } from './notLiftable.ts'
import type { Planning } from './planning.ts'
import type { Source } from './source.ts'
import type { ExpressionTree, StarTree } from './tree.ts'
import { isExpression, someExpression } from './treeWalk.ts'

/** One column of a select list after its stars were expanded. */
export interface SelectItem {
  /** Null for a column that a star stands for. */
  readonly tree: ExpressionTree | null
  /** The column of a star. */
  readonly column: Expr | null
  /** '' without. */
  readonly alias: string
  /** The name that DuckDB gives to the column. */
  readonly display: string
}

/** `schema` says the names of the columns of the query, in order. */
export async function selectItems(
  list: readonly ExpressionTree[],
  source: Source,
  schema: Schema,
  planning: Planning,
): Promise<readonly SelectItem[]> {
  const items: SelectItem[] = []
  for (const tree of list) {
    if (!someExpression(tree, ({ class: name }) => name === 'STAR', 'clause')) {
      items.push({ tree: { ...tree, alias: '' }, column: null, alias: tree.alias, display: tree.alias })
    } else if (tree.class === 'STAR' && !tree.columns) {
      items.push(...(await starItems(tree, source)))
    } else if (hasLiftableCall(tree, planning.catalog)) {
      throw new NotLiftable('it is called for each column of a star')
    } else {
      const columns = await source.star(tree)
      items.push(...columns.map(({ expr, display }) => ({ tree: null, column: expr, alias: '', display })))
    }
  }
  return items.map((item, index) => ({ ...item, display: schema[index]?.name ?? item.display }))
}

/** What REPLACE gives takes the place of a column, calls and all. */
async function starItems(star: StarTree, source: Source): Promise<readonly SelectItem[]> {
  const replaced = new Map(star.replace_list.map(({ key, value }) => [nameKey(key), value]))
  if (replaced.size > 0 && star.rename_list.length > 0) {
    throw new NotLiftable('it is beside a star with REPLACE and RENAME')
  }
  const columns = await source.star({ ...star, replace_list: [] })
  return columns.map(({ expr, display }) => {
    const value = replaced.get(nameKey(display))
    if (value === undefined || !isExpression(value)) return { tree: null, column: expr, alias: '', display }
    return { tree: { ...value, alias: '' }, column: null, alias: '', display }
  })
}
