import { EngineError, unreachable } from '../base/errors.ts'
import type { Expr } from '../expr/expr.ts'
import { call, caseWhen, column, sql } from '../expr/factories.ts'
import { type CallForm, quoteIdentifier, renderExpr } from '../expr/render.ts'
import { holdsScope } from '../expr/walk.ts'
import { outputColumns } from './columns.ts'
import type {
  AggregatePlan,
  CallProjectPlan,
  DistinctPlan,
  FilterPlan,
  LimitPlan,
  LogicalPlan,
  MemorySource,
  OpaquePlan,
  ProjectPlan,
  ScanPlan,
  SortPlan,
} from './plan.ts'
import { selectFromJoin } from './renderJoin.ts'
import { renderExploded, renderFirstRows, renderSampled } from './renderRows.ts'
import { renderSource } from './renderSource.ts'
import {
  hasRowWiseItems,
  isRowForRow,
  nested,
  outerColumn,
  overFrom,
  type RenderNames,
  renderSelect,
  type Select,
  type SelectItem,
  selectFrom,
  sortsByOwnNames,
} from './select.ts'

export interface RenderPlanOptions {
  /** What stands after FROM for rows that the session holds; INTERNAL is thrown if a plan needs it and it is missing. */
  readonly relationFor?: (source: MemorySource) => string
  /** The SQL name of a function that a CallProject calls; default its own. */
  readonly callName?: (functionName: string) => string
  /** The SQL name of a function that is called within an expression; default its own. */
  readonly callNameInPlace?: (functionName: string) => string
  /** Default `'bound'`: the query is bound, and calls nothing with options or tried. */
  readonly calls?: CallForm
}

/** A plan as one query of DuckDB. The query yields the columns of the plan, in order. */
export function renderPlan(plan: LogicalPlan, options: RenderPlanOptions = {}): string {
  return new PlanRenderer(options).query(plan)
}

class PlanRenderer {
  readonly #options: RenderPlanOptions
  readonly #names: RenderNames

  constructor(options: RenderPlanOptions) {
    this.#options = options
    this.#names = {
      placed: options.callName ?? ((name) => name),
      inPlace: options.callNameInPlace ?? ((name) => name),
      calls: options.calls ?? 'bound',
    }
  }

  query(plan: LogicalPlan): string {
    return plan.kind === 'opaque' ? this.#opaqueText(plan) : renderSelect(this.#select(plan), this.#names)
  }

  #select(plan: LogicalPlan): Select {
    switch (plan.kind) {
      case 'scan':
        return selectFrom(this.#source(plan), outputColumns(plan))
      case 'opaque':
        return selectFrom(this.#subquery(plan), outputColumns(plan))
      case 'project':
        return this.#project(plan)
      case 'filter':
        return this.#filter(plan)
      case 'callProject':
        return this.#callProject(plan)
      case 'aggregate':
        return this.#aggregate(plan)
      case 'join':
        return selectFromJoin(
          plan,
          { left: this.#relation(plan.left), right: this.#relation(plan.right) },
          this.#names,
        )
      case 'sort':
        return this.#sort(plan)
      case 'limit':
        return this.#limit(plan)
      case 'distinct':
        return this.#distinct(plan)
      case 'union': {
        const queries = plan.inputs.map((input) => this.#subquery(input))
        return selectFrom(
          `(${queries.join(plan.byName ? ' UNION ALL BY NAME ' : ' UNION ALL ')})`,
          outputColumns(plan),
        )
      }
      case 'explode':
        return selectFrom(renderExploded(plan, this.#relation(plan.input)), outputColumns(plan))
      case 'sample':
        return selectFrom(renderSampled(plan, this.#subquery(plan.input)), outputColumns(plan))
      default:
        return unreachable(plan)
    }
  }

  #subquery(plan: LogicalPlan): string {
    const text = this.query(plan)
    // A comment at the end of a statement would hide the parenthesis.
    return text.includes('--') ? `(${text}\n)` : `(${text})`
  }

  /** A plan as it stands after FROM; sources need no subquery. */
  #relation(plan: LogicalPlan): string {
    return plan.kind === 'scan' ? this.#source(plan) : this.#subquery(plan)
  }

  #source({ source }: ScanPlan): string {
    if (source.kind !== 'memory') return renderSource(source)
    const { relationFor } = this.#options
    if (relationFor === undefined)
      throw new EngineError('INTERNAL', `no relation is known for memory source ${source.id}`)
    return relationFor(source)
  }

  #opaqueText({ parts, inputs }: OpaquePlan): string {
    return parts
      .map((part, index) => (index === 0 ? part : this.#subquery(inputs[index - 1]!) + part))
      .join('')
  }

  #project(plan: ProjectPlan): Select {
    const below = this.#select(plan.input)
    return projected(below, plan) ?? projected(nested(below, this.#names), plan)!
  }

  #filter({ input, predicate }: FilterPlan): Select {
    const below = this.#select(input)
    const inside = isRowForRow(below) && hasRowWiseItems(below) ? overFrom(below, predicate) : null
    if (inside !== null) return { ...below, where: [...below.where, inside] }
    const outer = nested(below, this.#names)
    return { ...outer, where: [predicate] }
  }

  #callProject(plan: CallProjectPlan): Select {
    const below = this.#select(plan.input)
    return withCall(below, plan) ?? withCall(nested(below, this.#names), plan)!
  }

  #aggregate(plan: AggregatePlan): Select {
    const below = this.#select(plan.input)
    const direct = isRowForRow(below) && below.orderBy.length === 0
    return (direct ? grouped(below, plan) : null) ?? grouped(nested(below, this.#names), plan)!
  }

  #sort({ input, keys }: SortPlan): Select {
    const below = this.#select(input)
    const inside = keys.flatMap((key) => {
      const expr = overFrom(below, key.expr)
      return expr === null ? [] : [{ ...key, expr }]
    })
    const fits = inside.length === keys.length && sortsByOwnNames(inside, below.items)
    if (fits && isRowForRow(below)) return { ...below, orderBy: inside }
    return { ...nested(below, this.#names), orderBy: keys }
  }

  #limit({ input, count, offset }: LimitPlan): Select {
    const below = this.#select(input)
    return { ...(below.limit === null ? below : nested(below, this.#names)), limit: { count, offset } }
  }

  #distinct({ input, on }: DistinctPlan): Select {
    if (on !== null) {
      const { inPlace, calls } = this.#names
      const callee = (name: string): string => quoteIdentifier(inPlace(name))
      const keys = on.map((expr) => renderExpr(expr, { outerColumn, callee, calls }))
      return selectFrom(
        renderFirstRows(outputColumns(input), keys, this.#relation(input)),
        outputColumns(input),
      )
    }
    const below = this.#select(input)
    const plain = !below.distinct && below.limit === null && below.orderBy.length === 0
    return { ...(plain ? below : nested(below, this.#names)), distinct: true }
  }
}

/** Computed items pass to at most one place, so that nothing is computed twice. */
function projected(below: Select, { items }: ProjectPlan): Select | null {
  const carried = new Set<string>()
  const own: SelectItem[] = []
  for (const { name, expr } of items) {
    const computed = expr.kind === 'column' ? below.items?.find((item) => item.name === expr.name) : undefined
    const inside = overFrom(below, expr)
    if (inside !== null) own.push({ name, expr: inside, placed: false })
    else if (computed !== undefined && !carried.has(computed.name)) own.push({ ...computed, name })
    else return null
    if (computed !== undefined && inside === null) carried.add(computed.name)
  }
  const onlyColumns = items.every(({ expr }) => expr.kind === 'column')
  if (!isRowForRow(below) && !onlyColumns) return null
  // DISTINCT looks at the columns that are selected, and keys are named by their places among them.
  if (below.distinct || (below.groupBy ?? '') !== '') return null
  const windows = items.some(({ expr }) => holdsScope(expr, 'window'))
  if (windows && below.orderBy.length > 0) return null
  return sortsByOwnNames(below.orderBy, own) ? { ...below, items: own, star: false } : null
}

function withCall(below: Select, plan: CallProjectPlan): Select | null {
  if (!isRowForRow(below)) return null
  const args = overAll(below, plan.args)
  const metadata = plan.metadata === null ? null : overFrom(below, plan.metadata)
  const guard = plan.guard === null ? null : overFrom(below, plan.guard)
  if (args === null || (metadata === null) !== (plan.metadata === null)) return null
  if ((guard === null) !== (plan.guard === null)) return null
  const made = call(plan.function, args, { metadata, options: plan.options, outcome: plan.outcome })
  const value: Expr = plan.once ? sql(['(SELECT ', ')'], [made], { scope: 'query' }) : made
  const expr: Expr = guard === null ? value : caseWhen([{ when: guard, result: value }])
  const known =
    below.items ?? below.columns?.map((name) => ({ name, expr: column(name), placed: false })) ?? []
  const items = [...known, { name: plan.name, expr, placed: true }]
  if (!sortsByOwnNames(below.orderBy, items)) return null
  return { ...below, items, star: below.star || (below.items === null && below.columns === null) }
}

/** Keys are named by their places in the select list: a constant would be taken for such a place. */
function grouped(below: Select, { keys, aggregates, groupingSets }: AggregatePlan): Select | null {
  const exprs = overAll(
    below,
    [...keys, ...aggregates].map(({ expr }) => expr),
  )
  if (exprs === null) return null
  const items = [...keys, ...aggregates].map(({ name }, index) => ({
    name,
    expr: exprs[index]!,
    placed: false,
  }))
  const sets = groupingSets?.map((set) => `(${set.map((index) => index + 1).join(', ')})`)
  const places = keys.map((_, index) => index + 1).join(', ')
  return {
    ...below,
    items,
    star: false,
    groupBy: sets === undefined ? places : `GROUPING SETS (${sets.join(', ')})`,
  }
}

function overAll(below: Select, exprs: readonly Expr[]): readonly Expr[] | null {
  const inside = exprs.map((expr) => overFrom(below, expr))
  return inside.every((expr) => expr !== null) ? inside : null
}
