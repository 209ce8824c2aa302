import { findFunction } from '../../catalog/catalog.ts'
import type { CatalogSnapshot } from '../../catalog/function.ts'
import { combineOptions } from '../../catalog/policy/readOptions.ts'
import type { CallExpr, Expr, NamedExpr } from '../expr/expr.ts'
import { call, column, structField, triedForErrors } from '../expr/factories.ts'
import { mapPlanInputs } from './children.ts'
import { project } from './factories.ts'
import type { LogicalPlan, ProjectPlan } from './plan.ts'

/** A plan with columns of errors, and the names of these by the columns that they stand behind. */
export interface WithErrorColumns {
  readonly plan: LogicalPlan
  readonly errors: ReadonlyMap<string, string>
}

/**
 * Appends to each result column that is just a call with `onError: 'column'` a column `<name>_error`, directly behind it: the
 * error of a row that failed, null for others. The call may stand below, where its column is only passed on. Throws
 * DUPLICATE_NAME for a name that is taken.
 */
export function appendErrorColumns(plan: LogicalPlan, catalog: CatalogSnapshot): WithErrorColumns {
  return inResult(plan, (expr) => wantsErrorColumn(expr, catalog), withError)
}

/** For results whose columns are given, as those of INSERT: the rows of such calls are just null where they fail. */
export function dropErrorColumns(plan: LogicalPlan, catalog: CatalogSnapshot): LogicalPlan {
  return inResult(
    plan,
    (expr) => wantsErrorColumn(expr, catalog),
    ({ name, expr }) => {
      const options = combineOptions(expr.options, { onError: 'null' })
      return [{ name, expr: call(expr.function, expr.args, { ...expr, options }) }]
    },
  ).plan
}

interface CallItem {
  readonly name: string
  readonly expr: CallExpr
}

/** The items of a projection, where calls that ask for a column of errors themselves have it behind them. */
export function withErrorItems(items: readonly NamedExpr[]): readonly NamedExpr[] {
  if (!items.some(asksForErrors)) return items
  return items.flatMap((item) => (asksForErrors(item) ? withError(item) : [item]))
}

function asksForErrors(item: NamedExpr): item is CallItem {
  const { expr } = item
  return expr.kind === 'call' && expr.outcome === 'value' && expr.options?.onError === 'column'
}

/** The value of a call and its error, of one call. */
function withError({ name, expr }: CallItem): readonly NamedExpr[] {
  const outcome = triedForErrors(expr)
  return [
    { name, expr: structField(outcome, 'value') },
    { name: errorName(name), expr: structField(outcome, 'error') },
  ]
}

/** The column beside `label` that says why it is null: `label_error`. */
export function errorName(name: string): string {
  return `${name}_error`
}

/** Whether a row that fails is to be null with its error beside it, where there is a place for that. */
export function wantsErrorColumn(expr: Expr, catalog: CatalogSnapshot): expr is CallExpr {
  if (expr.kind !== 'call' || expr.outcome !== 'value') return false
  const onError = expr.options?.onError ?? findFunction(catalog, expr.function)?.policies.onError
  return onError === 'column'
}

type Wanted = (expr: Expr) => expr is CallExpr
type Replace = (item: CallItem) => readonly NamedExpr[]

/** Replaces those calls that are whole columns of a plan's result. */
function inResult(plan: LogicalPlan, wanted: Wanted, replace: Replace): WithErrorColumns {
  switch (plan.kind) {
    case 'filter':
    case 'sort':
    case 'limit':
    case 'sample':
    case 'explode': {
      const below = inResult(plan.input, wanted, replace)
      return { plan: mapPlanInputs(plan, () => below.plan), errors: below.errors }
    }
    case 'project':
      return inProject(plan, wanted, replace)
    case 'scan':
    case 'opaque':
    case 'callProject':
    case 'aggregate':
    case 'join':
    case 'distinct':
    case 'union':
      return { plan, errors: new Map() }
  }
}

function inProject(plan: ProjectPlan, wanted: Wanted, replace: Replace): WithErrorColumns {
  const below = inResult(plan.input, wanted, replace)
  const errors = new Map<string, string>()
  const items = plan.items.flatMap(({ name, expr }): readonly NamedExpr[] => {
    const passed = expr.kind === 'column' ? below.errors.get(expr.name) : undefined
    const made = wanted(expr) ? replace({ name, expr }) : [{ name, expr }]
    const all = passed === undefined ? made : [...made, { name: errorName(name), expr: column(passed) }]
    if (all.length > 1) errors.set(name, errorName(name))
    return all
  })
  const same = below.plan === plan.input && items.every(({ expr }, index) => expr === plan.items[index]?.expr)
  return { plan: same ? plan : project(below.plan, items), errors }
}
