import { nameKey } from '../src/plan/names.ts'
import type { ExpressionTree, FunctionTree, LambdaTree } from './tree.ts'

/** DuckDB's functions that take a lambda; everywhere else `a -> b` extracts from JSON. A test compares them with DuckDB's own list. */
export const lambdaFunctions: ReadonlySet<string> = new Set([
  'apply',
  'array_apply',
  'array_filter',
  'array_reduce',
  'array_transform',
  'filter',
  'list_apply',
  'list_filter',
  'list_reduce',
  'list_transform',
  'reduce',
])

/** The arguments of a function that are lambdas. */
export function lambdasOf(tree: FunctionTree): readonly LambdaTree[] {
  if (!lambdaFunctions.has(tree.function_name)) return []
  // The first argument is the list.
  return tree.children.slice(1).filter((child) => child.class === 'LAMBDA')
}

/** Names that a lambda binds, in lower case. */
export function lambdaParameters({ lhs }: LambdaTree): readonly string[] {
  const columns: readonly ExpressionTree[] = lhs.class === 'FUNCTION' ? lhs.children : [lhs]
  return columns.flatMap((tree) => (tree.class === 'COLUMN_REF' ? [nameKey(tree.column_names[0] ?? '')] : []))
}
