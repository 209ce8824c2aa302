import type { Schema } from '../src/base/dataType.ts'
import { union } from '../src/plan/factories.ts'
import type { CteScope } from './cteScope.ts'
import { hasLiftableCall } from './inPlaceCalls.ts'
import { knownSource } from './knownSource.ts'
import { Names } from './names.ts'
import { NotLiftable } from './notLiftable.ts'
import { describeQuery, once, type Planning, type Relation } from './planning.ts'
import { orNull } from './printer.ts'
import { selectRelation } from './selectRelation.ts'
import { relationColumns, textRelation } from './textRelation.ts'
import { TextSource } from './textSource.ts'
import type { QueryTree, SelectTree, SetOperationTree } from './tree.ts'
import { selectTree } from './treeFactories.ts'
import { walkTree } from './treeWalk.ts'

/**
 * Plans a query that stands alone: as plans as far as its parts are understood, as text for the rest. Throws NotLiftable for
 * one that refers to what is around it. `known` are its columns if the caller knows them.
 */
export async function planQuery(
  query: QueryTree,
  outer: CteScope,
  planning: Planning,
  known: Schema | null = null,
): Promise<Relation> {
  const scope = outer.extend(query)
  const body = { ...query, cte_map: { map: [] } }
  const schema = known ?? (await orNull(describeQuery(planning, scope.close(body))))
  if (schema === null) throw new NotLiftable('its query refers to what is around it')
  let reason = 'the query around it is not understood'
  try {
    const planned = await planParts(body, scope, schema, planning)
    if (planned !== null) return planned
  } catch (error) {
    if (!(error instanceof NotLiftable)) throw error
    reason = error.reason
  }
  return textRelation(body, scope, planning, { schema, reason })
}

/** Null for what is best left as text. */
async function planParts(
  query: QueryTree,
  scope: CteScope,
  schema: Schema,
  planning: Planning,
): Promise<Relation | null> {
  if (!scope.hasCalls(query)) return null
  if (query.type === 'SET_OPERATION_NODE') return planUnion(query, scope, schema, planning)
  if (query.type !== 'SELECT_NODE') return null
  const relation = query.sample === null ? await knownSource(query.from_table, scope, planning) : null
  const calls = holdsCallsItself(query, planning)
  if (relation !== null) {
    try {
      return await selectRelation({ query, scope, schema, ...relation() }, planning)
    } catch (error) {
      if (!(error instanceof NotLiftable && calls)) throw error
    }
  }
  if (!calls) return null
  const names = new Names()
  const from = selectTree([], query.from_table, { sample: query.sample })
  const source = new TextSource(from, scope, names, planning)
  return selectRelation({ query, scope, schema, source, names }, planning)
}

/** Whether a SELECT holds calls in its own clauses, not only in queries within it. */
function holdsCallsItself(query: SelectTree, { catalog }: Planning): boolean {
  let found = false
  const { from_table: _from, ...clauses } = query
  walkTree(Object.values(clauses), {
    expression: (tree) => {
      found ||= hasLiftableCall(tree, catalog)
      return false
    },
  })
  return found
}

/** UNION ALL of queries; other set operations are text around their sides. */
async function planUnion(
  query: SetOperationTree,
  scope: CteScope,
  schema: Schema,
  planning: Planning,
): Promise<Relation | null> {
  if (query.setop_type !== 'UNION' || !query.setop_all || query.modifiers.length > 0) return null
  const left = await planQuery(query.left, scope, planning)
  const right = await planQuery(query.right, scope, planning)
  if (left.columns.length !== right.columns.length) return null
  const names = relationColumns(schema)
  const columns = left.columns.map(({ name }, index) => ({ name, display: names[index]?.display ?? name }))
  return { columns, plan: once(() => union([left.plan(), right.plan()])) }
}
