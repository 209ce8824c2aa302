import type { Schema } from '../src/base/dataType.ts'
import { opaque } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { CteScope } from './cteScope.ts'
import { type HoledQuery, openQuery } from './holes.ts'
import { areDistinct, Names } from './names.ts'
import { once, type Planning, type Relation, type RelationColumn } from './planning.ts'
import { queryText } from './textUse.ts'
import type { QueryTree } from './tree.ts'
import { selectTree, starTree, subqueryTable } from './treeFactories.ts'

/** A query that stays text, but for the parts of it that hold calls and can be planned apart. */
export async function textRelation(
  query: QueryTree,
  scope: CteScope,
  planning: Planning,
  named: { readonly schema: Schema; readonly reason: string },
): Promise<Relation> {
  const columns = relationColumns(named.schema)
  const holed = await openQuery(query, scope, planning)
  const schema = named.schema.map(({ type }, index) => ({ name: columns[index]?.name ?? '', type }))
  const plan = textPlan(withNames(holed, columns), { schema, reason: named.reason }, planning)
  return { columns, plan }
}

/** The plan of a text whose columns are those of a schema. */
export function textPlan(
  { query, inputs }: HoledQuery,
  { schema, reason }: { readonly schema: Schema | null; readonly reason: string },
  planning: Planning,
): () => LogicalPlan {
  const template = queryText(query, planning, reason)
  return once(() => {
    const { parts, holes } = template()
    const plans = holes.flatMap((hole) => inputs[hole]?.plan() ?? [])
    return opaque(parts, plans, schema)
  })
}

/** The columns of a query under names that differ. */
export function relationColumns(schema: Schema): readonly RelationColumn[] {
  const names = new Names()
  return schema.map(({ name }) => ({ name: names.unique(name), display: name }))
}

function withNames(holed: HoledQuery, columns: readonly RelationColumn[]): HoledQuery {
  if (areDistinct(columns.map(({ display }) => display))) return holed
  const names = columns.map(({ name }) => name)
  return { ...holed, query: selectTree([starTree()], subqueryTable(holed.query, 'named', names)) }
}
