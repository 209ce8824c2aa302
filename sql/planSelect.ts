import type { CatalogSnapshot } from '../catalog/function.ts'
import type { ErrorCode } from '../src/base/errorCodes.ts'
import { EngineError, isEngineError } from '../src/base/errors.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import { bindCalls } from './bindCalls.ts'
import type { Binder } from './binder.ts'
import { rewriteCalls } from './calls.ts'
import { CteScope } from './cteScope.ts'
import { functionKinds } from './functionKinds.ts'
import { inlineParameters } from './inlineParameters.ts'
import { checkInPlace, type InPlaceCall } from './inPlaceCalls.ts'
import { nameCalls } from './nameCalls.ts'
import { NotLiftable } from './notLiftable.ts'
import { bindParameters, type Parameters } from './parameters.ts'
import { describeQuery, type Planning, startPlanning } from './planning.ts'
import { planQuery } from './planQuery.ts'
import { orNull } from './printer.ts'
import { errorAt, positionOfCodePoint, type StatementText } from './sqlError.ts'
import { checkDefinedOnce } from './textUse.ts'
import type { QueryTree } from './tree.ts'
import { parseSerialized } from './treeJson.ts'
import {
  hasMadeUpNames,
  namesOf,
  saysOfCalls,
  showingQuoted,
  type WholeQuery,
  wholePlan,
} from './wholeQuery.ts'

/** What planning a statement needs to know. */
export interface SqlContext {
  readonly binder: Binder
  readonly catalog: CatalogSnapshot
  /** Values of `?`, `$1` and `$name`; default none. */
  readonly parameters?: Parameters
}

/** A SELECT as a plan. */
export interface SelectPlan {
  readonly plan: LogicalPlan
  /** Names of the result's columns; those of the plan differ from one another, these may not. */
  readonly names: readonly string[]
  /** Calls that stay within SQL: their functions must be registered with DuckDB. */
  readonly inPlaceCalls: readonly InPlaceCall[]
}

/**
 * Plans a SELECT. `place` says where its text lies in the statement. Null for a query that DuckDB does not serialize, such as
 * PIVOT. Throws SQL_INVALID, CATALOG_CALL_INVALID, UNKNOWN_FUNCTION and WRONG_ARGUMENTS with the place.
 */
export async function planSelect(
  text: string,
  context: SqlContext,
  place: StatementText = { statement: text, offset: 0 },
): Promise<SelectPlan | null> {
  const { binder, catalog, parameters = [] } = context
  const parsed = await parse(text, binder, place)
  if (parsed === null) return null
  const kinds = functionKinds(await binder.functions())
  const bound = bindCalls(parsed, { catalog, kinds, text, place })
  const inPlace = inlineParameters(rewriteCalls(text, catalog, place).text, parameters)
  const planning: Planning = startPlanning(inPlace, {
    binder,
    catalog,
    kinds,
    planQuery: async (part, scope) => planQuery(part, scope, planning),
  })
  const tree = await nameCalls(await bindParameters(bound, parameters, binder), planning)
  const planned = await planTree({ text: inPlace, tree, catalog }, hasMadeUpNames(bound), planning, place)
  checkInPlace(planned.inPlaceCalls, place.statement)
  return planned
}

async function planTree(
  whole: WholeQuery,
  madeUpNames: boolean,
  planning: Planning,
  place: StatementText,
): Promise<SelectPlan> {
  const { binder, catalog, printer } = planning
  const schema = await orError(describeQuery(planning, whole.tree))
  if (schema instanceof Error) {
    const own = await orNull(binder.describe(whole.text))
    if (own === null) throw showingQuoted(schema, place.statement)
    return wholePlan(whole, own, 'DuckDB does not print this query as it was written')
  }
  try {
    const relation = await planQuery(whole.tree, new CteScope(catalog), planning, schema)
    await printer.flush()
    const plan = relation.plan()
    checkDefinedOnce(planning)
    const names = madeUpNames && !saysOfCalls(whole) ? await namesOf(whole, binder) : null
    const display = names ?? relation.columns.map((column) => column.display)
    return { plan, names: display, inPlaceCalls: distinctCalls(planning) }
  } catch (error) {
    return wholePlan(whole, schema, reasonFor(error))
  }
}

/** Codes by which the factories of plans refuse one; DuckDB has bound the query, so it is for DuckDB to run. */
const refusals: ReadonlySet<string> = new Set<ErrorCode>(['DUPLICATE_NAME', 'PLAN_INVALID', 'UNKNOWN_COLUMN'])

/** Why a query stays whole; throws what is no such reason. */
function reasonFor(error: unknown): string {
  if (error instanceof NotLiftable) return error.reason
  if (isEngineError(error) && refusals.has(error.code)) return `it makes no plan: ${error.message}`
  throw error
}

async function parse(text: string, binder: Binder, place: StatementText): Promise<QueryTree | null> {
  const parsed = parseSerialized(await binder.serialize(text))
  if (parsed.kind === 'queries') {
    const [query, ...more] = parsed.queries
    if (query !== undefined && more.length === 0) return query
    throw new EngineError('SQL_INVALID', `expected one SELECT, got ${parsed.queries.length} statements`)
  }
  if (parsed.kind === 'unsupported') return null
  const position = place.offset + positionOfCodePoint(text, parsed.position ?? 0)
  throw errorAt('SQL_INVALID', parsed.message, place.statement, { position })
}

async function orError<Result>(step: Promise<Result>): Promise<Result | Error> {
  try {
    return await step
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

function distinctCalls({ inPlace }: Planning): readonly InPlaceCall[] {
  const byPlace = new Map(inPlace.map((call) => [`${call.position} ${call.function}`, call]))
  return [...byPlace.values()].toSorted((a, b) => a.position - b.position)
}
