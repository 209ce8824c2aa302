import { nameKey } from '../src/plan/names.ts'
import type { CteScope } from './cteScope.ts'
import { NotLiftable } from './notLiftable.ts'
import { describeQuery, type Planning } from './planning.ts'
import { orNull } from './printer.ts'
import { expandItems, SelectAliases, usedAliases } from './selectAliases.ts'
import type { SelectItem } from './selectItems.ts'
import type { ExpressionTree, LimitModifier, OrderTree, QueryTree, SelectTree } from './tree.ts'
import { columnTree, selectTree } from './treeFactories.ts'
import { fingerprint, numberText } from './treeJson.ts'
import { someExpression, walkTree } from './treeWalk.ts'

/** What a sort or DISTINCT ON goes by: a column of the result, or an expression of its own. */
export type SelectKey =
  | { readonly kind: 'output'; readonly index: number }
  | { readonly kind: 'expression'; readonly tree: ExpressionTree }

export interface SelectOrder {
  readonly key: SelectKey
  readonly order: OrderTree
}

/** The clauses of a SELECT with stars, positions and aliases resolved. */
export interface SelectClauses {
  readonly items: readonly SelectItem[]
  readonly where: ExpressionTree | null
  readonly keys: readonly ExpressionTree[]
  /** Indexes into `keys`; empty if there is no GROUP BY. */
  readonly sets: readonly (readonly number[])[]
  readonly grouped: boolean
  readonly having: ExpressionTree | null
  readonly qualify: ExpressionTree | null
  /** Empty for plain DISTINCT. */
  readonly distinct: readonly SelectKey[] | null
  readonly orders: readonly SelectOrder[]
  readonly limit: LimitModifier | null
}

export async function selectClauses(
  query: SelectTree,
  list: readonly SelectItem[],
  scope: CteScope,
  planning: Planning,
): Promise<SelectClauses> {
  const columns = await aliasesOfColumns(query, list, scope, planning)
  const items = expandItems(list, columns, planning)
  const aliases = new SelectAliases(items, columns, planning)
  const expand = (tree: ExpressionTree | null): ExpressionTree | null =>
    tree === null ? null : aliases.expand(tree)
  const all = query.aggregate_handling === 'FORCE_AGGREGATES'
  const keys = all
    ? keysOfAll(items, planning)
    : query.group_expressions.map((key) => groupKey(key, items, aliases))
  const clauses = {
    items,
    where: expand(query.where_clause),
    keys,
    sets: all ? [keys.map((_, index) => index)] : query.group_sets,
    having: expand(query.having),
    qualify: expand(query.qualify),
    ...modifiers(query, items, aliases),
  }
  return { ...clauses, grouped: isGrouped(clauses, planning) }
}

/** Every expression of the clauses, the keys of groups aside. */
export function clauseTrees(clauses: Omit<SelectClauses, 'grouped'>): readonly ExpressionTree[] {
  const { items, where, having, qualify, distinct, orders } = clauses
  const keys = [...(distinct ?? []), ...orders.map(({ key }) => key)]
  return [
    ...items.map(({ tree }) => tree),
    where,
    having,
    qualify,
    ...keys.map((key) => (key.kind === 'expression' ? key.tree : null)),
  ].filter((tree) => tree !== null)
}

export function isAggregate(tree: ExpressionTree, { kinds, catalog }: Planning): boolean {
  if (tree.class === 'OPERATOR') return tree.type === 'GROUPING_FUNCTION'
  if (tree.class !== 'FUNCTION' || tree.is_operator || catalog.functions.has(tree.function_name)) return false
  return kinds.of(tree.function_name).aggregate
}

/** The subqueries of expressions that do not stand alone: they refer to the rows around them. */
export async function correlatedSubqueries(
  clauses: SelectClauses,
  scope: CteScope,
  planning: Planning,
): Promise<ReadonlySet<QueryTree>> {
  const found: QueryTree[] = []
  walkTree([...clauseTrees(clauses), ...clauses.keys], {
    query: (query) => {
      found.push(query)
      return false
    },
  })
  const correlated = new Set<QueryTree>()
  for (const query of new Set(found)) {
    if ((await orNull(describeQuery(planning, scope.close(query)))) === null) correlated.add(query)
  }
  return correlated
}

function isGrouped(clauses: Omit<SelectClauses, 'grouped'>, planning: Planning): boolean {
  if (clauses.sets.length > 0 || clauses.keys.length > 0 || clauses.having !== null) return true
  return clauseTrees(clauses).some((tree) => holdsAggregate(tree, planning))
}

function holdsAggregate(tree: ExpressionTree, planning: Planning): boolean {
  return someExpression(tree, (part) => isAggregate(part, planning), 'clause')
}

/** Aliases that are used in some clause and are columns of FROM too, which then win. */
async function aliasesOfColumns(
  query: SelectTree,
  items: readonly SelectItem[],
  scope: CteScope,
  planning: Planning,
): Promise<ReadonlySet<string>> {
  const { select_list, where_clause, group_expressions, having, qualify, modifiers: all } = query
  const trees = [select_list, where_clause, group_expressions, having, qualify, all]
  const columns = new Set<string>()
  for (const key of usedAliases(items, trees)) {
    const probe = selectTree([columnTree(key)], query.from_table)
    if ((await orNull(describeQuery(planning, scope.close(probe)))) !== null) columns.add(key)
  }
  return columns
}

/** GROUP BY ALL: every item without an aggregate. */
function keysOfAll(items: readonly SelectItem[], planning: Planning): readonly ExpressionTree[] {
  return items.flatMap(({ tree }) => {
    if (tree === null) throw new NotLiftable('it is beside GROUP BY ALL over a star')
    return holdsAggregate(tree, planning) ? [] : [tree]
  })
}

function groupKey(key: ExpressionTree, items: readonly SelectItem[], aliases: SelectAliases): ExpressionTree {
  const position = positionOf(key)
  if (position === null) return aliases.expand(key)
  const tree = items[position - 1]?.tree
  if (tree === null || tree === undefined)
    throw new NotLiftable('it is beside GROUP BY with a position in a star')
  return tree
}

function positionOf(tree: ExpressionTree): number | null {
  if (tree.class !== 'CONSTANT' || tree.value.is_null || tree.value.type.id !== 'INTEGER') return null
  return Number(numberText(tree.value.value))
}

type Modifiers = Pick<SelectClauses, 'distinct' | 'orders' | 'limit'>

function modifiers(query: SelectTree, items: readonly SelectItem[], aliases: SelectAliases): Modifiers {
  let result: Modifiers = { distinct: null, orders: [], limit: null }
  for (const modifier of query.modifiers) {
    if (modifier.type === 'DISTINCT_MODIFIER') {
      const distinct = modifier.distinct_on_targets.map((tree) => selectKey(tree, items, aliases))
      result = { ...result, distinct }
    } else if (modifier.type === 'ORDER_MODIFIER') {
      const orders = modifier.orders.flatMap((order) => ordersOf(order, items, aliases))
      result = { ...result, orders }
    } else {
      result = { ...result, limit: modifier }
    }
  }
  return result
}

function ordersOf(
  order: OrderTree,
  items: readonly SelectItem[],
  aliases: SelectAliases,
): readonly SelectOrder[] {
  const { expression } = order
  if (expression.class !== 'STAR') return [{ key: selectKey(expression, items, aliases), order }]
  if (!expression.columns || expression.expr !== null) throw new NotLiftable('it is beside ORDER BY a star')
  return items.map((_, index) => ({ key: { kind: 'output', index }, order }))
}

/** A whole term is an alias first, unlike a name within an expression. */
function selectKey(tree: ExpressionTree, items: readonly SelectItem[], aliases: SelectAliases): SelectKey {
  const position = positionOf(tree)
  if (position !== null) return { kind: 'output', index: position - 1 }
  if (aliases.isAlias(tree) && tree.class === 'COLUMN_REF') {
    const key = nameKey(tree.column_names[0] ?? '')
    return { kind: 'output', index: items.findIndex(({ alias }) => nameKey(alias) === key) }
  }
  const expanded = aliases.expand(tree)
  const text = fingerprint(expanded)
  const index = items.findIndex((item) => item.tree !== null && fingerprint(item.tree) === text)
  return index < 0 ? { kind: 'expression', tree: expanded } : { kind: 'output', index }
}
