import type { DataType } from '../../base/dataType.ts'
import { unreachable } from '../../base/errors.ts'
import type { Expr, NamedExpr } from '../../expr/expr.ts'
import { literal, sql } from '../../expr/factories.ts'
import { collectColumns, isRowWise, someExpr } from '../../expr/walk.ts'
import { mapPlanInputs, planExpressions } from '../../plan/children.ts'
import { outputColumns } from '../../plan/columns.ts'
import { aggregate, callProject, project, scan, union } from '../../plan/factories.ts'
import { join } from '../../plan/join.ts'
import { nameKey } from '../../plan/names.ts'
import type {
  AggregatePlan,
  CallProjectPlan,
  JoinPlan,
  LogicalPlan,
  ProjectPlan,
  ScanPlan,
  UnionPlan,
} from '../../plan/plan.ts'
import { keepColumns } from '../rewrite.ts'

/** Columns that somebody reads. */
export type Needed = ReadonlySet<string> | 'all'

/** The plan without what is not needed; it may yield more columns than those. */
export function prune(plan: LogicalPlan, needed: Needed): LogicalPlan {
  switch (plan.kind) {
    case 'scan':
      return pruneScan(plan, needed)
    case 'project':
      return pruneProject(plan, needed)
    case 'callProject':
      return pruneCall(plan, needed)
    case 'aggregate':
      return pruneAggregate(plan, needed)
    case 'join':
      return pruneJoin(plan, needed)
    case 'union':
      return plan.byName ? pruneUnionByName(plan, needed) : pruneUnion(plan, needed)
    case 'filter':
    case 'sort':
      return pruneInput(plan, withColumns(needed, planExpressions(plan)))
    case 'distinct':
      return pruneInput(plan, plan.on === null ? 'all' : withColumns(needed, plan.on))
    case 'explode':
      return pruneInput(plan, needed === 'all' ? 'all' : new Set([...needed, plan.column]))
    case 'limit':
    case 'sample':
      return pruneInput(plan, needed)
    case 'opaque':
      return pruneInput(plan, 'all')
    default:
      return unreachable(plan)
  }
}

function pruneInput(plan: LogicalPlan, needed: Needed): LogicalPlan {
  return mapPlanInputs(plan, (input) => prune(input, needed))
}

/** A subquery may name columns in its text: all are needed then. */
function withColumns(needed: Needed, exprs: readonly Expr[]): Needed {
  if (needed === 'all' || exprs.some((expr) => someExpr(expr, isSubquery))) return 'all'
  return new Set([...needed, ...exprs.flatMap((expr) => [...collectColumns(expr)])])
}

function isSubquery(expr: Expr): boolean {
  return expr.kind === 'sql' && expr.scope === 'query'
}

const nothing: ReadonlySet<string> = new Set()

function pruneScan(plan: ScanPlan, needed: Needed): LogicalPlan {
  const columns = outputColumns(plan)
  if (needed === 'all' || columns === null || plan.schema === null) return plan
  const kept = columns.filter((name) => needed.has(name))
  const chosen = kept.length > 0 ? kept : columns.filter((name) => name === smallestColumn(plan, columns))
  return chosen.length === columns.length ? plan : scan(plan.source, plan.schema, chosen)
}

/** Rows have to come from somewhere: from a column that is quick to read. */
function smallestColumn({ schema }: ScanPlan, columns: readonly string[]): string | undefined {
  const small: readonly DataType['kind'][] = [
    'boolean',
    'tinyint',
    'utinyint',
    'smallint',
    'integer',
    'bigint',
    'double',
    'date',
  ]
  const rank = (name: string): number => {
    const type = schema?.find((field) => field.name === name)?.type.kind
    const index = type === undefined ? -1 : small.indexOf(type)
    return index < 0 ? small.length : index
  }
  return columns.toSorted((a, b) => rank(a) - rank(b))[0]
}

function pruneProject(plan: ProjectPlan, needed: Needed): LogicalPlan {
  const items = plan.items.filter(({ name }) => needed === 'all' || needed.has(name))
  const kept = items.length > 0 ? items : [placeholder(plan.items[0]!)]
  const input = prune(
    plan.input,
    withColumns(
      nothing,
      kept.map(({ expr }) => expr),
    ),
  )
  const same = kept.length === plan.items.length && kept.every((item, index) => item === plan.items[index])
  return same && input === plan.input ? plan : project(input, kept)
}

/** Rows whose columns nobody reads still have to be there. */
function placeholder(item: NamedExpr): NamedExpr {
  return item.expr.kind === 'literal' ? item : { name: item.name, expr: literal(true) }
}

function pruneCall(plan: CallProjectPlan, needed: Needed): LogicalPlan {
  if (needed === 'all') return pruneInput(plan, 'all')
  if (!needed.has(plan.name)) return prune(plan.input, needed)
  const others = new Set([...needed].filter((name) => name !== plan.name))
  const input = prune(plan.input, withColumns(others, planExpressions(plan)))
  return input === plan.input ? plan : callProject(input, plan)
}

function pruneAggregate(plan: AggregatePlan, needed: Needed): LogicalPlan {
  const { keys, groupingSets } = plan
  const wanted = plan.aggregates.filter(({ name }) => needed === 'all' || needed.has(name))
  const aggregates = wanted.length + keys.length > 0 ? wanted : [countOf(plan.aggregates[0]!)]
  const exprs = [...keys, ...aggregates].map(({ expr }) => expr)
  const input = prune(plan.input, withColumns(nothing, exprs))
  const same =
    aggregates.length === plan.aggregates.length &&
    aggregates.every((item, at) => item === plan.aggregates[at])
  return same && input === plan.input ? plan : aggregate(input, keys, aggregates, groupingSets)
}

/** One row whose columns nobody reads. */
function countOf(item: NamedExpr): NamedExpr {
  if (collectColumns(item.expr).size === 0 && isAggregate(item.expr)) return item
  return { name: item.name, expr: sql(['count(*)'], [], { scope: 'aggregate' }) }
}

function isAggregate(expr: Expr): boolean {
  return expr.kind === 'sql' && expr.scope === 'aggregate' && expr.args.every(isRowWise)
}

function pruneJoin(plan: JoinPlan, needed: Needed): LogicalPlan {
  const halved = plan.type === 'semi' || plan.type === 'anti'
  const onColumns = withColumns(nothing, plan.on === null ? [] : [plan.on])
  const ofBoth =
    needed === 'all' || onColumns === 'all' ? 'all' : new Set([...needed, ...onColumns, ...plan.using])
  const ofRight = halved && onColumns !== 'all' ? new Set([...onColumns, ...plan.using]) : ofBoth
  const left = prune(plan.left, ofBoth === 'all' ? 'all' : owned(ofBoth, plan.left))
  const right = prune(plan.right, ofRight === 'all' ? 'all' : owned(ofRight, plan.right))
  return left === plan.left && right === plan.right ? plan : join({ ...plan, left, right })
}

/** The needed columns as an input spells them. */
function owned(needed: ReadonlySet<string>, input: LogicalPlan): Needed {
  const keys = new Set([...needed].map(nameKey))
  const columns = outputColumns(input)
  return columns === null ? 'all' : new Set(columns.filter((name) => keys.has(nameKey(name))))
}

function pruneUnionByName(plan: UnionPlan, needed: Needed): LogicalPlan {
  return mapPlanInputs(plan, (input) => prune(input, needed === 'all' ? 'all' : owned(needed, input)))
}

/** Columns of a union by position stay at the same place in each input. */
function pruneUnion(plan: UnionPlan, needed: Needed): LogicalPlan {
  const columns = outputColumns(plan)
  const places =
    columns?.flatMap((name, index) => (needed !== 'all' && needed.has(name) ? [index] : [])) ?? []
  if (needed === 'all' || columns === null) return pruneInput(plan, 'all')
  const kept = places.length > 0 ? places : [0]
  const inputs = plan.inputs.map((input) => {
    const own = outputColumns(input)
    const names = own === null ? null : kept.map((index) => own[index]!)
    return names === null ? input : keepColumns(prune(input, new Set(names)), names)
  })
  return inputs.every((input, index) => input === plan.inputs[index]) ? plan : union(inputs)
}
