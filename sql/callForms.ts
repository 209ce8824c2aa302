import type { CatalogSnapshot } from '../catalog/function.ts'
import { optionsText } from '../catalog/policy/optionsText.ts'
import { tryType } from '../catalog/policy/tryType.ts'
import { formatType } from '../src/base/formatType.ts'
import { calledName } from '../src/expr/render.ts'
import { type CallTree, callOf } from './bindCalls.ts'
import type { ExpressionTree } from './tree.ts'
import {
  caseTree,
  castTree,
  columnTree,
  functionTree,
  isNullTree,
  nullTree,
  stringTree,
} from './treeFactories.ts'
import { mapTree, type TreeMapping } from './treeWalk.ts'

/**
 * A tree as it is given to DuckDB with its calls in place: `"name"(args…)` with metadata, if there is any, as one more argument,
 * JSON in a VARCHAR. A call with options, or a tried one, whose name is `"name@try"`, has metadata and options, or NULLs.
 */
export function inPlaceForm<Tree>(tree: Tree, catalog: CatalogSnapshot): Tree {
  return withCalls(tree, catalog, ({ signature, outcome, options }, args, metadata) => {
    const name = calledName({ function: signature.name, outcome })
    const json = metadata === null ? null : jsonText(metadata)
    if (options === null && outcome === 'value')
      return functionTree(name, json === null ? args : [...args, json])
    const given = options === null ? nullTree() : stringTree(optionsText(options))
    return functionTree(name, [...args, json ?? nullTree(), given])
  })
}

/** A tree whose calls are written as DuckDB names the column of one, which says nothing of options. */
export function namedForm<Tree>(tree: Tree, catalog: CatalogSnapshot): Tree {
  return withCalls(tree, catalog, ({ signature, outcome }, args, metadata) => {
    const given = metadata === null ? args : [...args, jsonText(metadata)]
    if (outcome === 'value') return functionTree(signature.name, given)
    return functionTree('try_catalog_call', [stringTree(signature.name), ...given])
  })
}

type WriteCall = (
  call: CallTree,
  args: readonly ExpressionTree[],
  metadata: ExpressionTree | null,
) => ExpressionTree

function withCalls<Tree>(tree: Tree, catalog: CatalogSnapshot, write: WriteCall): Tree {
  const mapping: TreeMapping = {
    expression: (expression) => {
      const call = callOf(expression, catalog)
      if (call === null) return undefined
      const args = call.args.map((argument) => mapTree(argument, mapping))
      const metadata = call.metadata === null ? null : mapTree(call.metadata, mapping)
      return { ...write(call, args, metadata), alias: expression.alias }
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
      const { output } = call.signature
      const typed = columnTree(nulls.name(formatType(call.outcome === 'try' ? tryType(output) : output)))
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
