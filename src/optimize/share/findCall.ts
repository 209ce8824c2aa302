import type { CallOptions, CallOutcome } from '../../../catalog/policy/policies.ts'
import { exprKey } from '../../expr/equal.ts'
import type { Expr } from '../../expr/expr.ts'
import { column, or } from '../../expr/factories.ts'
import { collectColumns, isRowWise, substituteColumns } from '../../expr/walk.ts'
import { mapPlanInputs } from '../../plan/children.ts'
import { outputColumns } from '../../plan/columns.ts'
import { callProject, project } from '../../plan/factories.ts'
import { join } from '../../plan/join.ts'
import type { CallProjectPlan, JoinPlan, LogicalPlan, ProjectPlan } from '../../plan/plan.ts'
import { type Guard, implies } from '../lift/guard.ts'
import { meanings } from '../rewrite.ts'

/** A call that is looked for, in the columns of the plan where the search has come to. */
interface Request {
  readonly function: string
  readonly args: readonly Expr[]
  readonly metadata: Expr | null
  readonly options: CallOptions | null
  readonly outcome: CallOutcome
  readonly guard: Guard
  /** Whether the guard can be computed here. */
  readonly guardReaches: boolean
  /** Whether all rows from here on are those of the request. */
  readonly sameRows: boolean
  /** Whether all columns from here on have the names that they have at the request. */
  readonly sameNames: boolean
}

export interface Found {
  /** The plan that was searched; the found call's column passes through it. */
  readonly plan: LogicalPlan
  readonly column: string
  /** The guard of the found call if it does not cover all rows of the request. */
  readonly covers: Guard
}

/** An equal call below a call, whose result reaches up to it. */
export function findCall(call: CallProjectPlan): Found | null {
  const guardReaches = call.guard === null || isRowWise(call.guard)
  return search({ ...call, guardReaches, sameRows: true, sameNames: true }, call.input)
}

function search(request: Request, plan: LogicalPlan): Found | null {
  switch (plan.kind) {
    case 'callProject':
      return searchCall(request, plan)
    case 'sort':
      return under(plan, search(request, plan.input))
    case 'filter':
    case 'limit':
    case 'sample':
      return under(plan, search({ ...request, sameRows: false }, plan.input))
    case 'explode': {
      const below = withoutColumn({ ...request, sameRows: false }, plan.column)
      return below === null ? null : under(plan, search(below, plan.input))
    }
    case 'project':
      return searchProject(request, plan)
    case 'join':
      return searchJoin({ ...request, sameRows: false }, plan)
    case 'scan':
    case 'opaque':
    case 'aggregate':
    case 'distinct':
    case 'union':
      return null
  }
}

function under(plan: LogicalPlan, found: Found | null): Found | null {
  return found === null ? null : { ...found, plan: mapPlanInputs(plan, () => found.plan) }
}

function searchCall(request: Request, plan: CallProjectPlan): Found | null {
  const below = withoutColumn(request, plan.name)
  if (below === null) return null
  if (isSameCall(request, plan)) return useCall(below, plan)
  return under(plan, search(below, plan.input))
}

function isSameCall(request: Request, plan: CallProjectPlan): boolean {
  const key = ({ args, metadata, options, outcome }: Request | CallProjectPlan): string =>
    JSON.stringify([args.map(exprKey), metadata === null ? null : exprKey(metadata), options, outcome])
  return request.function === plan.function && key(request) === key(plan)
}

function useCall({ guard, guardReaches, sameRows, sameNames }: Request, plan: CallProjectPlan): Found | null {
  if (plan.guard === null || implies(guard, plan.guard)) return { plan, column: plan.name, covers: null }
  if (sameRows && guardReaches) {
    const either = guard === null ? null : or([plan.guard, guard])
    return { plan: callProject(plan.input, { ...plan, guard: either }), column: plan.name, covers: null }
  }
  return sameNames ? { plan, column: plan.name, covers: plan.guard } : null
}

/** The request below the node that makes a column; null if the call reads that. */
function withoutColumn(request: Request, name: string): Request | null {
  const reads = (expr: Expr | null): boolean => expr !== null && collectColumns(expr).has(name)
  if (request.args.some(reads) || reads(request.metadata)) return null
  return reads(request.guard) ? { ...request, guardReaches: false } : request
}

function searchProject(request: Request, plan: ProjectPlan): Found | null {
  const below = meanings(plan)
  const selected = (expr: Expr): Expr | null => {
    const plain = [...collectColumns(expr)].every((name) => below.get(name)?.kind === 'column')
    return plain ? substituteColumns(expr, below) : null
  }
  const args = request.args.map(selected)
  const metadata = request.metadata === null ? null : selected(request.metadata)
  if (!args.every((arg) => arg !== null) || (metadata === null) !== (request.metadata === null)) return null
  const guard = request.guard === null ? null : selected(request.guard)
  const guardReaches = request.guardReaches && (guard !== null || request.guard === null)
  const found = search(
    { ...request, args, metadata, guard: guard ?? request.guard, guardReaches, sameNames: false },
    plan.input,
  )
  if (found === null) return null
  const passed = plan.items.find(({ expr }) => expr.kind === 'column' && expr.name === found.column)
  if (passed !== undefined) return { ...found, plan: project(found.plan, plan.items), column: passed.name }
  if (below.has(found.column)) return null
  return {
    ...found,
    plan: project(found.plan, [...plan.items, { name: found.column, expr: column(found.column) }]),
  }
}

/** Only through the side that the call reads, if the join does not replace its rows by nulls. */
function searchJoin(request: Request, plan: JoinPlan): Found | null {
  const keptSides = {
    left: ['inner', 'left', 'semi', 'anti', 'cross', 'asof'].includes(plan.type),
    right: ['inner', 'right', 'cross'].includes(plan.type),
  }
  const reads = new Set(request.args.flatMap((arg) => [...collectColumns(arg)]))
  for (const side of ['left', 'right'] as const) {
    const own = new Set(outputColumns(plan[side]))
    if (side === 'right') for (const name of plan.using) own.delete(name)
    if (!keptSides[side] || ![...reads].every((name) => own.has(name))) continue
    const found = search({ ...request, guardReaches: false }, plan[side])
    if (found === null) continue
    const others = new Set(outputColumns(plan[side === 'left' ? 'right' : 'left']))
    const collides = (outputColumns(found.plan) ?? []).some((name) => !own.has(name) && others.has(name))
    if (!collides) return { ...found, plan: join({ ...plan, [side]: found.plan }) }
  }
  return null
}
