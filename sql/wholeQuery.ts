import type { CatalogSnapshot } from '../catalog/function.ts'
import type { Schema } from '../src/base/dataType.ts'
import { EngineError, isEngineError } from '../src/base/errors.ts'
import { quoteIdentifier } from '../src/expr/render.ts'
import { opaque } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { callOf } from './bindCalls.ts'
import type { Binder } from './binder.ts'
import { type InPlaceCall, inPlaceCalls } from './inPlaceCalls.ts'
import { areDistinct } from './names.ts'
import { orNull } from './printer.ts'
import { errorAt } from './sqlError.ts'
import { relationColumns } from './textRelation.ts'
import { nameOf, significantTokens } from './tokens.ts'
import type { QueryTree } from './tree.ts'
import { someExpression } from './treeWalk.ts'

/** A query as the user wrote it, but for its calls: they are in place as `"name"(…)`, and parameters are constants. */
export interface WholeQuery {
  readonly text: string
  readonly tree: QueryTree
  readonly catalog: CatalogSnapshot
}

export interface WholePlan {
  readonly plan: LogicalPlan
  readonly names: readonly string[]
  readonly inPlaceCalls: readonly InPlaceCall[]
}

/** The plan of a query that nothing can be taken out of. */
export function wholePlan({ text, tree, catalog }: WholeQuery, schema: Schema, reason: string): WholePlan {
  const names = schema.map(({ name }) => name)
  const columns = relationColumns(schema).map(({ name }) => name)
  const aliases = columns.map(quoteIdentifier).join(', ')
  const named = areDistinct(names) ? text : `SELECT * FROM (${text}) AS named(${aliases})`
  const own = schema.map(({ type }, index) => ({ name: columns[index] ?? '', type }))
  return { plan: opaque([named], [], own), names, inPlaceCalls: inPlaceCalls(tree, catalog, reason) }
}

/**
 * The names of a query's columns as DuckDB prints them, null if it cannot bind the text, as when it does not know the functions.
 * Trees are printed a little differently from what the user wrote: `CAST(x AS DATE)`, not `CAST(x AS "DATE")`.
 */
export async function namesOf(query: WholeQuery, binder: Binder): Promise<readonly string[] | null> {
  return (await orNull(binder.describe(query.text)))?.map(({ name }) => name) ?? null
}

/** Whether a call has options of its own or is tried, of which its name in DuckDB would speak. */
export function saysOfCalls({ tree, catalog }: WholeQuery): boolean {
  return someExpression(tree, (part) => {
    const call = callOf(part, catalog)
    return call !== null && (call.options !== null || call.outcome === 'try')
  })
}

/** Whether DuckDB makes up names for columns of a query. */
export function hasMadeUpNames(query: QueryTree): boolean {
  if (query.type === 'SET_OPERATION_NODE') return hasMadeUpNames(query.left)
  if (query.type !== 'SELECT_NODE') return false
  return query.select_list.some(
    ({ alias, class: kind }) => alias === '' && kind !== 'COLUMN_REF' && kind !== 'STAR',
  )
}

/** An error of DuckDB about another text than the user's, with the place of what it quotes if that can be found. */
export function showingQuoted(error: unknown, statement: string): unknown {
  if (!isEngineError(error) || error.code !== 'SQL_INVALID') return error
  const message = error.message.replace(/\n+LINE \d+:[^]*$/, '')
  const position = placeOfQuoted(message, statement)
  if (position === null) return new EngineError('SQL_INVALID', message, error.details, error)
  return errorAt('SQL_INVALID', message, statement, { ...error.details, position })
}

function placeOfQuoted(message: string, statement: string): number | null {
  const quoted = /"([^"]+)"|with name (\S+) does not exist/.exec(message)
  const name = quoted?.[1] ?? quoted?.[2]
  const token = significantTokens(statement).find(
    (candidate) => name !== undefined && nameOf(candidate) === name,
  )
  return token?.start ?? null
}
