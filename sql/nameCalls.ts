import { callOf } from './bindCalls.ts'
import { namedForm } from './callForms.ts'
import type { Planning } from './planning.ts'
import type { ExpressionTree, QueryTree } from './tree.ts'
import { selectTree } from './treeFactories.ts'
import { mapTree, someExpression, walkTree } from './treeWalk.ts'

/**
 * Gives items of select lists that call and have no alias the name that DuckDB gives them with the calls in place:
 * `catalog_call('f', x) + 1` is `(f(x) + 1)`.
 */
export async function nameCalls(query: QueryTree, planning: Planning): Promise<QueryTree> {
  const items = unnamedItems(query, planning)
  if (items.length === 0) return query
  const { printer, catalog } = planning
  const printed = await printer.printNow(items.map((item) => selectTree([namedForm(item, catalog)])))
  const names = new Map(items.map((item, index) => [item, printed[index]?.parts.join('') ?? '']))
  return mapTree(query, {
    expression: (tree): ExpressionTree | undefined => {
      const text = names.get(tree)
      return text === undefined ? undefined : { ...tree, alias: text.slice('SELECT '.length) }
    },
  })
}

function unnamedItems(query: QueryTree, { catalog }: Planning): readonly ExpressionTree[] {
  const items: ExpressionTree[] = []
  walkTree(query, {
    query: (node) => {
      if (node.type !== 'SELECT_NODE') return
      for (const tree of node.select_list) {
        const calls = someExpression(tree, (part) => callOf(part, catalog) !== null)
        const star = someExpression(tree, (part) => part.class === 'STAR')
        if (tree.alias === '' && calls && !star) items.push(tree)
      }
    },
  })
  return items
}
