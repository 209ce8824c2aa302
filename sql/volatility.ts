import type { Planning } from './planning.ts'
import type { ExpressionTree } from './tree.ts'
import { fingerprint } from './treeJson.ts'
import { someExpression } from './treeWalk.ts'

/** Whether an expression, subqueries included, may differ between equal rows. Calls of the catalog count if they are volatile. */
export function isVolatile(tree: unknown, { kinds, catalog }: Planning): boolean {
  return someExpression(tree, (part) => {
    if (part.class !== 'FUNCTION') return false
    const signature = catalog.functions.get(part.function_name)
    return signature === undefined
      ? kinds.of(part.function_name).volatile
      : signature.volatility === 'volatile'
  })
}

/** Equal for expressions that need to be computed only once. */
export function sharingKey(tree: ExpressionTree, planning: Planning): string | symbol {
  return isVolatile(tree, planning) ? Symbol('volatile') : fingerprint(tree)
}
