import type { CatalogSnapshot } from '../catalog/function.ts'
import type { Schema } from '../src/base/dataType.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { Binder } from './binder.ts'
import { standInForm } from './callForms.ts'
import type { Cte, CteScope } from './cteScope.ts'
import type { FunctionKinds } from './functionKinds.ts'
import type { InPlaceCall } from './inPlaceCalls.ts'
import { Printer, type Template } from './printer.ts'
import type { CteTree, QueryTree } from './tree.ts'

/** What the planning of one statement shares. */
export interface Planning {
  readonly binder: Binder
  readonly catalog: CatalogSnapshot
  readonly kinds: FunctionKinds
  readonly printer: Printer
  /** Plans a query that stands alone; throws NotLiftable for one that does not. */
  readonly planQuery: (query: QueryTree, scope: CteScope) => Promise<Relation>
  /** Common table expressions with calls are planned once, however many read them. */
  readonly ctes: Map<Cte, Promise<Relation>>
  /** The calls of the texts that were taken into the plan. */
  readonly inPlace: InPlaceCall[]
  /** The volatile common table expressions that those texts define, once for each text. */
  readonly definitions: CteTree[]
}

/** A fresh state for a statement; none of the printer's placeholders occurs in its text. */
export function startPlanning(
  text: string,
  given: Pick<Planning, 'binder' | 'catalog' | 'kinds' | 'planQuery'>,
): Planning {
  const printer = new Printer(given.binder, text)
  return { ...given, printer, ctes: new Map(), inPlace: [], definitions: [] }
}

/** A column of a plan; `display` is the name that the query gives it, which several columns may share. */
export interface RelationColumn {
  readonly name: string
  readonly display: string
}

/** A query as a plan, which is there once the printer was flushed; the same object each time. */
export interface Relation {
  readonly columns: readonly RelationColumn[]
  readonly plan: () => LogicalPlan
}

/** The columns of queries that stand alone; throws SQL_INVALID with DuckDB's message. */
export async function describeQuery(planning: Planning, query: QueryTree): Promise<Schema> {
  const { binder, catalog, printer } = planning
  const types: string[] = []
  const name = (type: string): string => {
    if (!types.includes(type)) types.push(type)
    return printer.placeholder(types.indexOf(type))
  }
  const [template] = await printer.printNow([standInForm(query, catalog, { name })])
  return binder.describe(fillTemplate(template, (hole) => `CAST(NULL AS ${types[hole] ?? ''})`))
}

/** The text of a template whose holes are filled. */
function fillTemplate(template: Template | undefined, fill: (hole: number) => string): string {
  const { parts, holes } = template ?? { parts: [''], holes: [] }
  return parts.map((part, index) => (index === 0 ? part : fill(holes[index - 1] ?? 0) + part)).join('')
}

/** Computes a value when it is first asked for. */
export function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | null = null
  return () => (made ??= make())
}
