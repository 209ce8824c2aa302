import type { CatalogSnapshot } from '../catalog/function.ts'
import { formatType } from '../src/base/formatType.ts'
import { type CallTree, callOf } from './bindCalls.ts'
import type { ExpressionTree } from './tree.ts'
import { caseTree, castTree, columnTree, functionTree, isNullTree } from './treeFactories.ts'
import { mapTree, type TreeMapping } from './treeWalk.ts'

/**
 * A tree as it is given to DuckDB with its calls in place: `"name"(args…)`, metadata as one more argument, JSON in a VARCHAR.
 */
export function inPlaceForm<Tree>(tree: Tree, catalog: CatalogSnapshot): Tree {
  const mapping: TreeMapping = {
    expression: (expression) => {
      const call = callOf(expression, catalog)
      if (call === null) return undefined
      const args = call.args.map((argument) => mapTree(argument, mapping))
      const metadata = call.metadata === null ? [] : [jsonText(mapTree(call.metadata, mapping))]
      const children = [...args, ...metadata]
      return { ...functionTree(call.signature.name, children), alias: expression.alias }
    },
  }
  return mapTree(tree, mapping)
}

/** Columns of this name stand for NULL of a type where types cannot be written as a tree. */
export interface TypedNulls {
  name(type: string): string
}

/**
 * A tree without calls that has the same columns: each call becomes a NULL of the function's type that still uses the
 * arguments. DuckDB can bind it whether or not it knows the functions, and calls none.
 */
export function standInForm<Tree>(tree: Tree, catalog: CatalogSnapshot, nulls: TypedNulls): Tree {
  const mapping: TreeMapping = {
    expression: (expression) => {
      const call = callOf(expression, catalog)
      if (call === null) return undefined
      const args = argumentsOf(call).map((argument) => mapTree(argument, mapping))
      const typed = columnTree(nulls.name(formatType(call.signature.output)))
      const using = { ...functionTree('row', args, 'main') }
      const standIn = args.length === 0 ? typed : caseTree(isNullTree(using), typed)
      return { ...standIn, alias: expression.alias }
    },
  }
  return mapTree(tree, mapping)
}

export function argumentsOf({ args, metadata }: CallTree): readonly ExpressionTree[] {
  return metadata === null ? args : [...args, { ...metadata, alias: '' }]
}

function jsonText(metadata: ExpressionTree): ExpressionTree {
  return castTree(functionTree('to_json', [{ ...metadata, alias: '' }]), 'VARCHAR')
}
