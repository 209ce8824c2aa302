import { column } from '../src/expr/factories.ts'
import { distinct, limit, sort } from '../src/plan/factories.ts'
import type { LogicalPlan, SortKey } from '../src/plan/plan.ts'
import { type Clause, type PendingExpr, translate } from './expression.ts'
import { hasLiftableCall } from './inPlaceCalls.ts'
import { Names } from './names.ts'
import { type OutputColumn, projectTo, type SelectOutput } from './outputColumns.ts'
import type { SelectClauses, SelectKey, SelectOrder } from './selectClauses.ts'
import type { SelectItem } from './selectItems.ts'
import { selectTail } from './selectTail.ts'
import type { ExpressionTree, LimitModifier, OrderTree } from './tree.ts'
import { numberText } from './treeJson.ts'
import { isVolatile } from './volatility.ts'

export function selectOutput(clauses: SelectClauses, clause: Clause): SelectOutput {
  const names = new Names()
  const columns = clauses.items.map((item): OutputColumn => {
    const name = names.unique(item.display)
    return { name, display: item.display, expr: itemExpr(item, clause) }
  })
  const { distinct: on, orders, limit: modifier } = clauses
  const rows = rowLimit(modifier)
  const distinctOutputs = on === null || (on.length === 0 && orders.every(({ key }) => key.kind === 'output'))
  if (rows === null || !distinctOutputs) return selectTail(clauses, columns, clause, names)
  const limited = (plan: LogicalPlan): LogicalPlan => limitTo(plan, rows)
  if (on !== null)
    return {
      columns,
      plan: (input) => limited(sortOutputs(distinct(projectTo(input, columns)), orders, columns)),
    }
  if (orders.every(({ key }) => isRecomputable(key, clauses, clause))) {
    const keys = orders.map(({ key, order }) => ({ order, expr: keyExpr(key, columns, clause) }))
    return { columns, plan: (input) => limited(projectTo(sortBy(input, keys), columns)) }
  }
  return { columns, plan: computedFirst(orders, columns, clause, names)(limited) }
}

/** A sort by what a call, or chance, gives goes by the very values that are in the result. */
function computedFirst(
  orders: readonly SelectOrder[],
  columns: readonly OutputColumn[],
  clause: Clause,
  names: Names,
): (limited: (plan: LogicalPlan) => LogicalPlan) => SelectOutput['plan'] {
  const helpers: OutputColumn[] = []
  const keys = orders.map(({ key, order }) => {
    if (key.kind === 'output') return { order, expr: outputExpr(key.index, columns) }
    const name = names.unique('sort_key')
    helpers.push({ name, display: name, expr: translate(key.tree, clause) })
    return { order, expr: () => column(name) }
  })
  return (limited) => (input) => {
    const sorted = sortBy(projectTo(input, [...columns, ...helpers]), keys)
    return limited(helpers.length === 0 ? sorted : projectTo(sorted, columns.map(asColumn)))
  }
}

function asColumn(output: OutputColumn): OutputColumn {
  return { ...output, expr: () => column(output.name) }
}

function itemExpr({ tree, column: own }: SelectItem, clause: Clause): PendingExpr {
  if (tree !== null) return translate(tree, clause)
  return () => own ?? column('')
}

/** Whether a sort may compute its key before the select list does, at no cost and with the same values. */
function isRecomputable(key: SelectKey, { items }: SelectClauses, { planning }: Clause): boolean {
  if (key.kind === 'expression') return true
  const tree: ExpressionTree | null = items[key.index]?.tree ?? null
  return tree === null || !(hasLiftableCall(tree, planning.catalog) || isVolatile(tree, planning))
}

function keyExpr(key: SelectKey, columns: readonly OutputColumn[], clause: Clause): PendingExpr {
  return key.kind === 'expression'
    ? translate(key.tree, clause)
    : (columns[key.index]?.expr ?? (() => column('')))
}

function outputExpr(index: number, columns: readonly OutputColumn[]): PendingExpr {
  return () => column(columns[index]?.name ?? '')
}

function sortOutputs(
  input: LogicalPlan,
  orders: readonly SelectOrder[],
  columns: readonly OutputColumn[],
): LogicalPlan {
  const keys = orders.map(({ key, order }) => ({
    order,
    expr: outputExpr(key.kind === 'output' ? key.index : -1, columns),
  }))
  return sortBy(input, keys)
}

function sortBy(
  input: LogicalPlan,
  keys: readonly { readonly order: OrderTree; readonly expr: PendingExpr }[],
): LogicalPlan {
  if (keys.length === 0) return input
  return sort(
    input,
    keys.map(({ order, expr }): SortKey => {
      const nullsFirst = order.null_order === 'ORDER_DEFAULT' ? null : order.null_order === 'NULLS FIRST'
      return { expr: expr(), descending: order.type === 'DESCENDING', nullsFirst }
    }),
  )
}

interface RowLimit {
  readonly count: number | null
  readonly offset: number
}

/** Null for a limit that is no constant number of rows. */
function rowLimit(modifier: LimitModifier | null): RowLimit | null {
  if (modifier === null) return { count: null, offset: 0 }
  if (modifier.type !== 'LIMIT_MODIFIER') return null
  const count = modifier.limit === null ? null : constantRows(modifier.limit)
  const offset = modifier.offset === null ? 0 : constantRows(modifier.offset)
  return count === undefined || offset === undefined ? null : { count, offset }
}

function constantRows(tree: ExpressionTree): number | undefined {
  if (tree.class !== 'CONSTANT' || tree.value.is_null) return undefined
  if (tree.value.type.id !== 'INTEGER' && tree.value.type.id !== 'BIGINT') return undefined
  const rows = Number(numberText(tree.value.value))
  return Number.isSafeInteger(rows) && rows >= 0 ? rows : undefined
}

function limitTo(plan: LogicalPlan, { count, offset }: RowLimit): LogicalPlan {
  return count === null && offset === 0 ? plan : limit(plan, count, offset)
}
