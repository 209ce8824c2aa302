import type { Expr, NamedExpr } from '../expr/expr.ts'
import { column } from '../expr/factories.ts'
import { type CallForm, quoteIdentifier, type RenderExprOptions, renderExpr } from '../expr/render.ts'
import { collectColumns, isConstant, isRowWise, someExpr, substituteColumns } from '../expr/walk.ts'
import { nameKey } from './names.ts'
import type { SortKey } from './plan.ts'

/** An item of a select list; a placed one holds the call of a CallProject. */
export interface SelectItem extends NamedExpr {
  readonly placed: boolean
}

/**
 * One SELECT while it is being built, bottom up. All its expressions are over the columns of `from`; an operator of the plan
 * that cannot become a clause of it takes it as a subquery.
 */
export interface Select {
  readonly from: string
  /** The columns that the plan sees in `from`, which may hold more; null if they are not known. */
  readonly columns: readonly string[] | null
  /** How a column of `from` is written if that has two sides; null for its plain name. */
  readonly qualified: ((name: string) => string) | null
  /** Null for the columns of `from`, as they are. */
  readonly items: readonly SelectItem[] | null
  /** Whether all columns of `from` come before the items, because they are not known. */
  readonly star: boolean
  readonly where: readonly Expr[]
  /** Null if rows are not grouped; empty text makes one group of all rows. */
  readonly groupBy: string | null
  readonly distinct: boolean
  readonly orderBy: readonly SortKey[]
  readonly limit: { readonly count: number | null; readonly offset: number } | null
}

export interface RenderNames {
  /** The SQL name of a function that a CallProject calls. */
  readonly placed: (name: string) => string
  /** The SQL name of a function that is called within an expression. */
  readonly inPlace: (name: string) => string
  readonly calls: CallForm
}

export function selectFrom(
  from: string,
  columns: readonly string[] | null,
  qualified: Select['qualified'] = null,
): Select {
  return {
    from,
    columns,
    qualified,
    items: null,
    star: false,
    where: [],
    groupBy: null,
    distinct: false,
    orderBy: [],
    limit: null,
  }
}

/** A subquery as the source of a new SELECT. */
export function nested(select: Select, names: RenderNames): Select {
  return selectFrom(`(${renderSelect(select, names)})`, selectColumns(select))
}

function selectColumns({ columns, items, star }: Select): readonly string[] | null {
  if (items === null) return columns
  return star ? null : items.map(({ name }) => name)
}

/** Whether the rows of the select list are those that WHERE leaves: nothing groups, drops or cuts them afterwards. */
export function isRowForRow({ groupBy, distinct, limit }: Select): boolean {
  return groupBy === null && !distinct && limit === null
}

/**
 * An expression over the result as one over the columns of `from`; null if it reads a computed column, or if its own text may
 * name a column that is called otherwise there.
 */
export function overFrom(select: Select, expr: Expr): Expr | null {
  const { items } = select
  if (items === null) return expr
  if (someExpr(expr, (node) => node.kind === 'sql' && node.scope === 'query')) return null
  const replacements = new Map<string, Expr>()
  for (const name of collectColumns(expr)) {
    const item = items.find((candidate) => candidate.name === name)
    if (item === undefined ? !select.star : item.expr.kind !== 'column') return null
    if (item !== undefined) replacements.set(name, item.expr)
  }
  return substituteColumns(expr, replacements)
}

/**
 * ORDER BY takes a bare name for the alias of an item before it takes it for a column of FROM, so that no item may give
 * another meaning to a name by which rows are sorted.
 */
export function sortsByOwnNames(keys: readonly SortKey[], items: readonly SelectItem[] | null): boolean {
  const meanings = new Map(items?.map(({ name, expr }) => [nameKey(name), expr]))
  return keys.every(({ expr }) => {
    const meaning = expr.kind === 'column' ? meanings.get(nameKey(expr.name)) : undefined
    return (
      meaning === undefined ||
      (meaning.kind === 'column' && expr.kind === 'column' && meaning.name === expr.name)
    )
  })
}

/** Whether every item is computed from its own row alone. */
export function hasRowWiseItems({ items }: Select): boolean {
  return items?.every(({ expr }) => isRowWise(expr)) ?? true
}

/** An alias that no subquery of a user hides. */
export const inputAlias = '__input'

export function renderSelect(select: Select, names: RenderNames): string {
  const { where, groupBy, distinct, limit } = select
  const inPlace = exprOptions(select, names.inPlace, names.calls)
  const predicates = where.map((predicate) => renderExpr(predicate, inPlace))
  const keys = select.orderBy.filter(({ expr }) => !isConstant(expr)).map((key) => renderKey(key, inPlace))
  const alias = select.qualified === null && holdsOuterColumns(select) ? ` AS ${inputAlias}` : ''
  return [
    `SELECT ${distinct ? 'DISTINCT ' : ''}${renderList(select, names)}`,
    `FROM ${select.from}${alias}`,
    ...(predicates.length === 0 ? [] : [`WHERE ${predicates.join(' AND ')}`]),
    ...(groupBy === null || groupBy === '' ? [] : [`GROUP BY ${groupBy}`]),
    ...(keys.length === 0 ? [] : [`ORDER BY ${keys.join(', ')}`]),
    ...(limit === null || limit.count === null ? [] : [`LIMIT ${limit.count}`]),
    ...(limit === null || limit.offset === 0 ? [] : [`OFFSET ${limit.offset}`]),
  ].join(' ')
}

function exprOptions(
  { qualified }: Select,
  callee: (name: string) => string,
  calls: CallForm,
): RenderExprOptions {
  return {
    calls,
    column: qualified ?? quoteIdentifier,
    outerColumn: qualified ?? outerColumn,
    callee: (name) => quoteIdentifier(callee(name)),
  }
}

export function outerColumn(name: string): string {
  return `${inputAlias}.${quoteIdentifier(name)}`
}

/** Whether a subquery reads columns of the SELECT that it stands in. */
function holdsOuterColumns({ items, where, orderBy }: Select): boolean {
  const exprs = [...(items ?? []).map(({ expr }) => expr), ...where, ...orderBy.map(({ expr }) => expr)]
  return exprs.some((expr) => someExpr(expr, isCorrelated))
}

function isCorrelated(expr: Expr): boolean {
  return expr.kind === 'sql' && expr.scope === 'query' && collectColumns(expr).size > 0
}

function renderList(select: Select, names: RenderNames): string {
  const { columns, star } = select
  const items = select.items ?? columns?.map((name) => ({ name, expr: column(name), placed: false })) ?? []
  const all = star || (select.items === null && columns === null) ? ['*'] : []
  return [...all, ...items.map((item) => renderItem(item, select, names))].join(', ')
}

function renderItem({ name, expr, placed }: SelectItem, select: Select, names: RenderNames): string {
  const text = renderExpr(expr, exprOptions(select, placed ? names.placed : names.inPlace, names.calls))
  const alias = quoteIdentifier(name)
  return text === alias ? text : `${text} AS ${alias}`
}

function renderKey({ expr, descending, nullsFirst }: SortKey, options: RenderExprOptions): string {
  const nulls = nullsFirst === null ? '' : ` NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`
  return `${renderExpr(expr, options)}${descending ? ' DESC' : ''}${nulls}`
}
