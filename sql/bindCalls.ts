import { findFunction, lookup } from '../catalog/catalog.ts'
import type { CatalogSnapshot, FunctionSignature } from '../catalog/function.ts'
import type { CallOptions, CallOutcome } from '../catalog/policy/policies.ts'
import { nameKey } from '../src/plan/names.ts'
import { bindGiven } from './callArguments.ts'
import { sqlCallOptions } from './callOptions.ts'
import { constantOfTree } from './constants.ts'
import type { FunctionKinds } from './functionKinds.ts'
import { errorAt, positionOfByte, type StatementText, showingPlace } from './sqlError.ts'
import type { ConstantTree, ExpressionTree, FunctionTree, QueryTree } from './tree.ts'
import { columnTree, nullTree, stringTree } from './treeFactories.ts'
import { mapChildren, mapTree, type TreeMapping } from './treeWalk.ts'

/** A call of a catalog function in a tree that {@link bindCalls} has gone over. */
export interface CallTree {
  readonly signature: FunctionSignature
  /** In the order of the function's inputs. */
  readonly args: readonly ExpressionTree[]
  readonly metadata: ExpressionTree | null
  readonly options: CallOptions | null
  readonly outcome: CallOutcome
  /** UTF-16 units from the start of the statement. */
  readonly position: number
}

interface Binding {
  readonly catalog: CatalogSnapshot
  readonly kinds: FunctionKinds
  readonly text: string
  readonly place: StatementText
}

/**
 * Gives every call of a catalog function one form: the function's own name and an argument for each input, metadata after
 * them. Throws CATALOG_CALL_INVALID, UNKNOWN_FUNCTION and WRONG_ARGUMENTS with the place in the statement. `text` is what was
 * parsed, `place` where it lies in the statement.
 */
export function bindCalls(query: QueryTree, binding: Binding): QueryTree {
  const mapping: TreeMapping = {
    expression: (tree) => {
      checkWindow(tree, binding)
      if (tree.class !== 'FUNCTION') return undefined
      return bindFunction(asPlainFunction(mapChildren(tree, mapping), binding), binding)
    },
  }
  return mapTree(query, mapping)
}

/** The call that a bound tree is at its root, or null. */
export function callOf(tree: ExpressionTree, catalog: CatalogSnapshot): CallTree | null {
  if (tree.class !== 'FUNCTION' || tree.schema !== '' || tree.is_operator) return null
  const signature = catalog.functions.get(tree.function_name)
  if (signature === undefined) return null
  const args = tree.children.slice(0, signature.inputs.length)
  const [metadata = null, site] = tree.children.slice(args.length)
  const { options, outcome } = site === undefined ? plainSite : siteOf(site)
  const given = site !== undefined && isNullConstant(metadata) ? null : metadata
  return { signature, args, metadata: given, options, outcome, position: Number(tree.query_location) }
}

/** What a bound call says of its site, in one more constant after the metadata, which then is NULL if there is none. */
type CallSite = Pick<CallTree, 'options' | 'outcome'>

const plainSite: CallSite = { options: null, outcome: 'value' }

function siteTree(site: CallSite): ConstantTree {
  const constant = stringTree('')
  return { ...constant, value: { ...constant.value, value: site } }
}

function siteOf(tree: ExpressionTree): CallSite {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bindTo puts nothing else there
  return tree.class === 'CONSTANT' ? (tree.value.value as CallSite) : plainSite
}

function isNullConstant(tree: ExpressionTree | null): boolean {
  return tree?.class === 'CONSTANT' && tree.value.is_null
}

/** DuckDB parses `memo.upper()` as a function of schema memo and finds out when it binds. */
function asPlainFunction(tree: FunctionTree, { catalog, kinds }: Binding): FunctionTree {
  const { schema, function_name: name } = tree
  if (schema === 'main' && tree.catalog === '' && findFunction(catalog, name) !== null) {
    return { ...tree, schema: '' }
  }
  if (schema === '' || kinds.isInSchema(schema, name)) return tree
  if (tree.catalog === '' && findFunction(catalog, `${schema}.${name}`) !== null) {
    return { ...tree, schema: '', function_name: `${schema}.${name}` }
  }
  const column = tree.catalog === '' ? columnTree(schema) : columnTree(tree.catalog, schema)
  return { ...tree, schema: '', catalog: '', children: [column, ...tree.children] }
}

function bindFunction(tree: FunctionTree, binding: Binding): FunctionTree {
  if (tree.schema !== '' || tree.is_operator) return tree
  const outcome = outcomeOf(tree.function_name)
  if (outcome !== null) return bindCatalogCall(tree, outcome, binding)
  const signature = findFunction(binding.catalog, tree.function_name)
  return signature === null
    ? tree
    : bindTo(signature, { tree, given: tree.children, outcome: 'value' }, binding)
}

/** What `catalog_call` and `try_catalog_call` give; null for other names. */
export function outcomeOf(name: string): CallOutcome | null {
  const key = nameKey(name)
  if (key === 'catalog_call') return 'value'
  return key === 'try_catalog_call' ? 'try' : null
}

function bindCatalogCall(tree: FunctionTree, outcome: CallOutcome, binding: Binding): FunctionTree {
  const [name, ...given] = tree.children
  const position = positionOf(tree, binding)
  const statement = binding.place.statement
  if (
    name?.class !== 'CONSTANT' ||
    name.value.type.id !== 'VARCHAR' ||
    name.value.is_null ||
    name.alias !== ''
  ) {
    throw errorAt('CATALOG_CALL_INVALID', nameExpected(outcome), statement, { position })
  }
  const functionName = String(name.value.value)
  const signature = showingPlace(statement, () => lookup(binding.catalog, functionName, position))
  return bindTo(signature, { tree, given, outcome }, binding)
}

export function nameExpected(outcome: CallOutcome): string {
  const called = outcome === 'try' ? 'try_catalog_call' : 'catalog_call'
  return `${called} needs the name of the function first, as a string: ${called}('name', …)`
}

interface GivenCall {
  readonly tree: FunctionTree
  readonly given: readonly ExpressionTree[]
  readonly outcome: CallOutcome
}

function bindTo(
  signature: FunctionSignature,
  { tree, given, outcome }: GivenCall,
  binding: Binding,
): FunctionTree {
  const position = positionOf(tree, binding)
  const { statement } = binding.place
  if (tree.distinct || tree.filter !== null || tree.order_bys.orders.length > 0) {
    const message = `function '${signature.name}' is no aggregate: it takes no DISTINCT, ORDER BY or FILTER`
    throw errorAt('CATALOG_CALL_INVALID', message, statement, { function: signature.name, position })
  }
  const named = given.map((argument) => {
    const name = argument.alias === '' ? null : argument.alias
    return { name, value: { ...argument, alias: '' } }
  })
  const bound = bindGiven(signature, named, { statement, position })
  const place = { function: signature.name, outcome, statement, position }
  const options = bound.options === null ? null : sqlCallOptions(constantOfTree(bound.options), place)
  return {
    ...tree,
    function_name: signature.name,
    query_location: position,
    children: [...bound.args, ...rest(bound.metadata, { options, outcome })],
  }
}

function rest(metadata: ExpressionTree | null, site: CallSite): readonly ExpressionTree[] {
  if (site.options !== null || site.outcome === 'try') return [metadata ?? nullTree(), siteTree(site)]
  return metadata === null ? [] : [metadata]
}

function checkWindow(tree: ExpressionTree, binding: Binding): void {
  if (tree.class !== 'WINDOW' || !('function_name' in tree)) return
  const name = String(tree.function_name)
  if (outcomeOf(name) === null && findFunction(binding.catalog, name) === null) return
  const message = `function '${name}' is no window function: it takes no OVER`
  throw errorAt('CATALOG_CALL_INVALID', message, binding.place.statement, {
    position: positionOf(tree, binding),
  })
}

function positionOf({ query_location }: ExpressionTree, { text, place }: Binding): number {
  // Without a place DuckDB writes the largest 64-bit number, which is kept as text.
  const byte = typeof query_location === 'number' ? query_location : 0
  return place.offset + positionOfByte(text, byte)
}
