import type { Schema } from '../src/base/dataType.ts'
import { filter } from '../src/plan/factories.ts'
import type { LogicalPlan } from '../src/plan/plan.ts'
import type { CteScope } from './cteScope.ts'
import { type Clause, type PendingExpr, translateCondition } from './expression.ts'
import { groupStage, type Stage } from './groupStage.ts'
import { hasLiftableCall } from './inPlaceCalls.ts'
import type { Names } from './names.ts'
import { NotLiftable } from './notLiftable.ts'
import { once, type Planning, type Relation } from './planning.ts'
import { clauseTrees, correlatedSubqueries, type SelectClauses, selectClauses } from './selectClauses.ts'
import { selectItems } from './selectItems.ts'
import { selectOutput } from './selectOutput.ts'
import type { Source } from './source.ts'
import type { ExpressionTree, QueryTree, SelectTree } from './tree.ts'
import { walkTree } from './treeWalk.ts'
import { UnnestStage } from './unnestStage.ts'
import { WindowStage } from './windowStage.ts'

export interface SelectInput {
  readonly query: SelectTree
  readonly scope: CteScope
  /** The columns of the query. */
  readonly schema: Schema
  readonly source: Source
  readonly names: Names
}

/** A SELECT as plans, a clause each. Throws NotLiftable if some part of it is not understood for certain. */
export async function selectRelation(input: SelectInput, planning: Planning): Promise<Relation> {
  const { query, scope, schema, source, names } = input
  const list = await selectItems(query.select_list, source, schema, planning)
  if (list.length !== schema.length) throw new NotLiftable('an item of the select list gives several columns')
  const clauses = await selectClauses(query, list, scope, planning)
  checkMacros(clauses, planning)
  if (query.sample !== null && (clauses.grouped || clauses.where !== null)) {
    throw new NotLiftable('it is beside USING SAMPLE')
  }
  const correlated = await correlatedSubqueries(clauses, scope, planning)
  const rows = rowClause(source, correlated, { planning, scope })
  const where = whereClause(clauses, rows, source, correlated)
  const groups: Stage = clauses.grouped
    ? groupStage(clauses, rows, { source, names, correlated })
    : rowStage(rows, source)
  const grouped: Clause = { planning, scope, unit: groups.unit }
  const having = condition(clauses.having, grouped)
  const windows = new WindowStage(grouped, () => groups.columns(), names)
  const windowed: Clause = { planning, scope, unit: windows.unit }
  const qualify = condition(clauses.qualify, windowed)
  const unnests = new UnnestStage(windowed, () => windows.columns(), names)
  const output = selectOutput(clauses, { planning, scope, unit: unnests.unit })
  const steps = [where, groups.finish(), having, windows.finish(), qualify, unnests.finish(), output.plan]
  const from = await source.finish()
  return { columns: output.columns, plan: once(() => steps.reduce((plan, step) => step(plan), from())) }
}

type Step = (input: LogicalPlan) => LogicalPlan

function condition(tree: ExpressionTree | null, clause: Clause): Step {
  if (tree === null) return (input) => input
  const predicate: PendingExpr = translateCondition(tree, clause)
  return (input) => filter(input, predicate())
}

interface ClauseContext {
  readonly planning: Planning
  readonly scope: CteScope
}

/** What FROM yields, a row at a time. A subquery that refers to the row is computed where the row comes from. */
function rowClause(source: Source, correlated: ReadonlySet<QueryTree>, context: ClauseContext): Clause {
  return {
    ...context,
    unit: (tree) => {
      if (tree.class === 'COLUMN_REF') {
        const expr = source.column(tree)
        return () => expr
      }
      checkRowWise(tree, context.planning)
      const refers = tree.class === 'SUBQUERY' && correlated.has(tree.subquery.node)
      if (!refers && tree.class !== 'POSITIONAL_REFERENCE') return null
      const expr = source.compute(tree)
      if (expr === null) throw new NotLiftable('a subquery beside it refers to its rows')
      return () => expr
    },
  }
}

/** Windows and unnested lists are computed in stages of their own, where they are known. */
function checkRowWise(tree: ExpressionTree, { kinds }: Planning): void {
  const unnests = tree.class === 'FUNCTION' && kinds.of(tree.function_name).unnests
  if (unnests || tree.class === 'WINDOW')
    throw new NotLiftable('a window or an unnested list is in its clause')
}

/** WHERE without calls stays with its source where that can filter; otherwise it is a plan of its own. */
function whereClause(
  { where }: SelectClauses,
  rows: Clause,
  source: Source,
  correlated: ReadonlySet<QueryTree>,
): Step {
  if (where === null) return (input) => input
  if (!hasLiftableCall(where, rows.planning.catalog) && source.filter(where)) return (input) => input
  // Computed with the source, a subquery would be computed for rows that WHERE removes.
  if (correlated.size > 0) throw new NotLiftable('a subquery beside it refers to its rows')
  return condition(where, rows)
}

function rowStage(rows: Clause, source: Source): Stage {
  return { unit: rows.unit, columns: () => source.columns(), finish: () => (input) => input }
}

/** Such macros cannot be seen through. */
function checkMacros(clauses: SelectClauses, { kinds }: Planning): void {
  walkTree([...clauseTrees(clauses), ...clauses.keys], {
    expression: (tree) => {
      if (tree.class !== 'FUNCTION') return
      if (kinds.of(tree.function_name).windows)
        throw new NotLiftable('it is beside a macro with a window function')
    },
    query: () => false,
  })
}
