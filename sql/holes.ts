import { isEngineError } from '../src/base/errors.ts'
import type { Cte, CteScope } from './cteScope.ts'
import { NotLiftable } from './notLiftable.ts'
import type { Planning, Relation } from './planning.ts'
import type { BaseTableTree, QueryTree, SelectTree, SubqueryTableTree, TableTree } from './tree.ts'
import { baseTable, columnTree, selectTree, starTree, subqueryTable } from './treeFactories.ts'
import { mapTree } from './treeWalk.ts'

/** A query whose parts with calls are relations of their own; placeholders stand for them by index. */
export interface HoledQuery {
  readonly query: QueryTree
  readonly inputs: readonly Relation[]
}

/**
 * Plans the parts of a query that hold calls and can stand alone (subqueries in FROM, sides of a set operation, common table
 * expressions) and puts holes in their places. Definitions that are still needed stand in front of the query.
 */
export async function openQuery(query: QueryTree, scope: CteScope, planning: Planning): Promise<HoledQuery> {
  const inputs: Relation[] = []
  const hole = (relation: Relation): QueryTree => {
    const name = planning.printer.placeholder(inputs.push(relation) - 1)
    return selectColumns(relation, name)
  }
  const opened = await openParts(query, scope, planning, hole)
  const relations = new Map<Cte, Relation>()
  for (const cte of scope.referenced(opened)) {
    if (scope.cteHasCalls(cte)) relations.set(cte, await cteRelation(cte, planning))
  }
  const closed = scope.close(opened, (cte, table) => {
    const relation = relations.get(cte)
    return relation === undefined ? null : holeFor(table, hole(relation))
  })
  return { query: closed, inputs }
}

/** What reads a common table expression that holds calls; planned once for all who read it. */
export async function cteRelation(cte: Cte, planning: Planning): Promise<Relation> {
  const known = planning.ctes.get(cte)
  if (known !== undefined) return known
  const planned = planCte(cte, planning)
  planning.ctes.set(cte, planned)
  return planned
}

async function planCte(cte: Cte, planning: Planning): Promise<Relation> {
  const { aliases, query } = cte.tree.value
  if (cte.recursive) throw new NotLiftable('it is in a recursive query')
  const relation = await planning.planQuery(query.node, cte.scope)
  return { ...relation, columns: renamed(relation, aliases) }
}

/** Columns with the names that `AS t(a, b)` gives to the first of them. */
export function renamed({ columns }: Relation, aliases: readonly string[]): Relation['columns'] {
  return columns.map(({ name, display }, index) => ({ name, display: aliases[index] ?? display }))
}

async function openParts(
  query: QueryTree,
  scope: CteScope,
  planning: Planning,
  hole: (relation: Relation) => QueryTree,
): Promise<QueryTree> {
  if (query.type === 'SELECT_NODE') return openFrom(query, scope, planning, hole)
  if (query.type !== 'SET_OPERATION_NODE') return query
  const open = async (side: QueryTree): Promise<QueryTree> => {
    const relation = await planPart(side, scope, planning)
    return relation === null ? side : hole(relation)
  }
  return { ...query, left: await open(query.left), right: await open(query.right) }
}

async function openFrom(
  query: SelectTree,
  scope: CteScope,
  planning: Planning,
  hole: (relation: Relation) => QueryTree,
): Promise<QueryTree> {
  const planned = new Map<SubqueryTableTree, Relation>()
  for (const table of joinedSubqueries(query.from_table)) {
    const relation = await planPart(table.subquery.node, scope, planning)
    if (relation !== null) planned.set(table, relation)
  }
  if (planned.size === 0) return query
  const from_table = mapTree(query.from_table, {
    table: (table) => {
      const relation = table.type === 'SUBQUERY' ? planned.get(table) : undefined
      if (relation === undefined || table.type !== 'SUBQUERY') return undefined
      return { ...table, subquery: { ...table.subquery, node: hole(relation) } }
    },
  })
  return { ...query, from_table }
}

/** Null for a part without calls, and for one that does not stand alone: it stays as it is. */
async function planPart(query: QueryTree, scope: CteScope, planning: Planning): Promise<Relation | null> {
  if (!scope.hasCalls(query)) return null
  try {
    return await planning.planQuery(query, scope)
  } catch (error) {
    if (error instanceof NotLiftable || (isEngineError(error) && error.code === 'SQL_INVALID')) return null
    throw error
  }
}

function joinedSubqueries(table: TableTree): readonly SubqueryTableTree[] {
  if (table.type === 'JOIN') return [...joinedSubqueries(table.left), ...joinedSubqueries(table.right)]
  return table.type === 'SUBQUERY' ? [table] : []
}

/** `SELECT … FROM placeholder` with the names that the relation's query gave. */
function selectColumns({ columns }: Relation, placeholder: string): SelectTree {
  const plain = columns.every(({ name, display }) => name === display)
  const items = plain
    ? [starTree()]
    : columns.map(({ name, display }) => ({ ...columnTree(name), alias: display }))
  return selectTree(items, baseTable(placeholder))
}

function holeFor(table: BaseTableTree, query: QueryTree): TableTree {
  const alias = table.alias === '' ? table.table_name : table.alias
  return { ...subqueryTable(query, alias, table.column_name_alias), sample: table.sample }
}
