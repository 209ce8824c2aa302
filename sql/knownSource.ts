import type { CteScope } from './cteScope.ts'
import { parquetRelation } from './fileSource.ts'
import { cteRelation, renamed } from './holes.ts'
import { Names } from './names.ts'
import { NotLiftable } from './notLiftable.ts'
import { describeQuery, type Planning, type Relation } from './planning.ts'
import { orNull } from './printer.ts'
import { RelationSource } from './relationSource.ts'
import { isAggregate } from './selectClauses.ts'
import { selectRelation } from './selectRelation.ts'
import type { Source } from './source.ts'
import type { QueryTree, SelectTree, TableTree } from './tree.ts'
import { someExpression } from './treeWalk.ts'
import { isVolatile } from './volatility.ts'

interface Aliased {
  readonly relation: Relation
  readonly alias: string
}

type MakeSource = () => { readonly source: Source; readonly names: Names }

/**
 * FROM a single relation that can be seen through, so that what is above it can be moved below: a query with calls, parquet
 * files, or a query that only selects from such files. Null for anything else.
 */
export async function knownSource(
  table: TableTree,
  scope: CteScope,
  planning: Planning,
): Promise<MakeSource | null> {
  const found =
    (await queryRelation(table, scope, planning)) ?? (await parquetRelation(table, scope, planning))
  if (found === null) return null
  const { relation, alias } = found
  return () => ({
    source: new RelationSource(relation, alias),
    names: new Names(relation.columns.map(({ name }) => name)),
  })
}

/** A subquery, or a reference to a common table expression. */
async function queryRelation(table: TableTree, scope: CteScope, planning: Planning): Promise<Aliased | null> {
  if ((table.type !== 'SUBQUERY' && table.type !== 'BASE_TABLE') || table.sample !== null) return null
  const relation =
    table.type === 'SUBQUERY'
      ? await subqueryRelation(table.subquery.node, scope, planning)
      : await referencedRelation(table, scope, planning)
  if (relation === null) return null
  const alias = table.type === 'BASE_TABLE' && table.alias === '' ? table.table_name : table.alias
  return { relation: { ...relation, columns: renamed(relation, table.column_name_alias) }, alias }
}

async function subqueryRelation(
  query: QueryTree,
  scope: CteScope,
  planning: Planning,
): Promise<Relation | null> {
  return scope.hasCalls(query) ? planning.planQuery(query, scope) : selectionOfFiles(query, scope, planning)
}

async function referencedRelation(
  table: TableTree & { readonly type: 'BASE_TABLE' },
  scope: CteScope,
  planning: Planning,
): Promise<Relation | null> {
  const cte = scope.find(table)
  if (cte === null) return null
  if (scope.cteHasCalls(cte)) return cteRelation(cte, planning)
  const { aliases, query } = cte.tree.value
  const relation = await selectionOfFiles(query.node, cte.scope, planning)
  return relation === null ? null : { ...relation, columns: renamed(relation, aliases) }
}

/** A query that computes each row from one row of parquet files. */
async function selectionOfFiles(
  query: QueryTree,
  outer: CteScope,
  planning: Planning,
): Promise<Relation | null> {
  if (query.type !== 'SELECT_NODE' || !isRowWise(query, planning)) return null
  const scope = outer.extend(query)
  const body = { ...query, cte_map: { map: [] } }
  const source = await knownSource(query.from_table, scope, planning)
  if (source === null) return null
  const schema = await orNull(describeQuery(planning, scope.close(body)))
  if (schema === null) return null
  try {
    return await selectRelation({ query: body, scope, schema, ...source() }, planning)
  } catch (error) {
    if (error instanceof NotLiftable) return null
    throw error
  }
}

function isRowWise(query: SelectTree, planning: Planning): boolean {
  const { modifiers, group_sets, aggregate_handling, having, sample, qualify, select_list } = query
  if (modifiers.length > 0 || group_sets.length > 0 || aggregate_handling !== 'STANDARD_HANDLING')
    return false
  if (having !== null || sample !== null || qualify !== null || isVolatile(query, planning)) return false
  const severalRows = someExpression(
    select_list,
    (tree) =>
      tree.class === 'WINDOW' ||
      isAggregate(tree, planning) ||
      (tree.class === 'FUNCTION' && planning.kinds.of(tree.function_name).unnests),
    'clause',
  )
  return !severalRows
}
