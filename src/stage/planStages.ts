import { lookup } from '../../catalog/catalog.ts'
import { collectCalls, collectColumns } from '../expr/walk.ts'
import { mapPlanInputs, planExpressions, planInputs } from '../plan/children.ts'
import { outputColumns } from '../plan/columns.ts'
import { scan } from '../plan/factories.ts'
import type { CallProjectPlan, LogicalPlan } from '../plan/plan.ts'
import { buildCallStage, callColumns } from './buildCallStage.ts'
import { checkOptions } from './checkOptions.ts'
import { type CallInPlace, type CallSite, chooseRoute, fusedFunctions, routeInPlace } from './chooseRoute.ts'
import { type Lowered, type Lowering, queryStage, type StageContext } from './lowering.ts'
import { isRowWise } from './partitioning.ts'
import type { CallStage, RoutedCall, Stage } from './stage.ts'

export interface StagePlan {
  readonly root: Stage
  readonly calls: readonly RoutedCall[]
}

/** Cuts an optimized plan into stages: statements for DuckDB, and calls between them. */
export async function planStages(plan: LogicalPlan, context: StageContext): Promise<StagePlan> {
  const routes = routeCalls(plan, context)
  const inPlace = [...context.inPlace, ...callsInExpressions(plan)].map((call) =>
    routeInPlace(call, context.catalog, context.forcedRoute),
  )
  const calls = [...routes.values(), ...inPlace]
  // A statement below the last one sends its calls in place over the bridge, whatever their route.
  const bridges = inPlace.length > 0 || calls.some(({ route }) => route === 'bridged')
  const lowering: Lowering = { context, routes, relations: new Map(), bridges }
  const lowered = await lower(plan, null, lowering)
  return {
    root: lastCallStage(lowered) ?? queryStage(lowered, { fused: fusedFunctions(calls), bridges }),
    calls: calls.toReversed(),
  }
}

function routeCalls(plan: LogicalPlan, context: StageContext): Map<CallProjectPlan, RoutedCall> {
  const routes = new Map<CallProjectPlan, RoutedCall>()
  const visit = (node: LogicalPlan): void => {
    if (node.kind === 'callProject') {
      const { once, options, outcome } = node
      const site: CallSite = { once, options, outcome, partitionable: isRowWise(node.input) }
      const signature = lookup(context.catalog, node.function)
      checkOptions(signature, options)
      routes.set(node, chooseRoute(signature, site, context.forcedRoute))
    }
    for (const input of planInputs(node)) visit(input)
  }
  visit(plan)
  return routes
}

/** Calls that the optimizer could not give a place of their own. */
function callsInExpressions(plan: LogicalPlan): readonly CallInPlace[] {
  const own = planExpressions(plan).flatMap((expr) => collectCalls(expr))
  const reason = 'it cannot be lifted out of its expression'
  return [...own.map((call) => ({ ...call, reason })), ...planInputs(plan).flatMap(callsInExpressions)]
}

/** `needed` names the columns that the caller uses, null for all. */
async function lower(
  plan: LogicalPlan,
  needed: ReadonlySet<string> | null,
  lowering: Lowering,
): Promise<Lowered> {
  if (plan.kind === 'callProject' && lowering.routes.get(plan)?.route === 'staged') {
    return lowerCalls(plan, needed, lowering)
  }
  const below = neededBelow(plan, needed)
  const lowered = new Map<LogicalPlan, Lowered>()
  for (const input of planInputs(plan)) lowered.set(input, await lower(input, below, lowering))
  return {
    plan: mapPlanInputs(plan, (input) => lowered.get(input)!.plan),
    inputs: [...lowered.values()].flatMap(({ inputs }) => inputs),
  }
}

function neededBelow(plan: LogicalPlan, needed: ReadonlySet<string> | null): ReadonlySet<string> | null {
  const own = new Set(planExpressions(plan).flatMap((expr) => [...collectColumns(expr)]))
  switch (plan.kind) {
    case 'project':
    case 'aggregate':
      return own
    case 'filter':
    case 'sort':
    case 'callProject':
      return needed === null ? null : new Set([...needed, ...own])
    case 'limit':
      return needed
    default:
      return null
  }
}

/** A run of staged calls over one input: those that do not build on each other share a stage. */
async function lowerCalls(
  top: CallProjectPlan,
  needed: ReadonlySet<string> | null,
  lowering: Lowering,
): Promise<Lowered> {
  const calls: CallProjectPlan[] = []
  let below: LogicalPlan = top
  while (below.kind === 'callProject' && lowering.routes.get(below)?.route === 'staged') {
    calls.unshift(below)
    below = below.input
  }
  let lowered = await lower(below, withColumnsOf(calls, needed), lowering)
  const groups = independentGroups(calls)
  for (const [index, group] of groups.entries()) {
    const kept = withColumnsOf(groups.slice(index + 1).flat(), needed)
    lowered = await addCallStage(lowered, group, kept, lowering)
  }
  return lowered
}

/** The columns that are needed above calls and by them; null for all. */
function withColumnsOf(
  calls: readonly CallProjectPlan[],
  needed: ReadonlySet<string> | null,
): ReadonlySet<string> | null {
  return needed === null ? null : new Set([...needed, ...calls.flatMap((call) => [...callColumns(call)])])
}

function independentGroups(calls: readonly CallProjectPlan[]): CallProjectPlan[][] {
  const groups: CallProjectPlan[][] = []
  let group: CallProjectPlan[] = []
  for (const call of calls) {
    const columns = callColumns(call)
    if (group.some(({ name }) => columns.has(name))) {
      groups.push(group)
      group = []
    }
    group.push(call)
  }
  return [...groups, group]
}

async function addCallStage(
  lowered: Lowered,
  calls: readonly CallProjectPlan[],
  needed: ReadonlySet<string> | null,
  lowering: Lowering,
): Promise<Lowered> {
  const { stage, schema } = await buildCallStage(lowered, calls, needed, lowering)
  const relation = lowering.context.newRelation()
  lowering.relations.set(relation, schema)
  return { plan: scan({ kind: 'memory', id: relation }, schema), inputs: [{ relation, stage }] }
}

/** The call stage that yields a plan's rows itself, when above it columns are only chosen, renamed or ordered. */
function lastCallStage({ plan, inputs }: Lowered): CallStage | null {
  const [input] = inputs
  if (input === undefined || inputs.length > 1 || input.stage.kind !== 'call') return null
  const stage = input.stage
  const outputs = new Map(stage.outputs.map((output) => [output.name, output]))
  if (plan.kind === 'scan')
    return { ...stage, outputs: (outputColumns(plan) ?? []).map((name) => outputs.get(name)!) }
  if (plan.kind !== 'project' || plan.input.kind !== 'scan') return null
  const chosen = plan.items.map(({ name, expr }) => {
    const output = expr.kind === 'column' ? outputs.get(expr.name) : undefined
    return output === undefined ? null : { ...output, name }
  })
  return chosen.every((output) => output !== null) ? { ...stage, outputs: chosen } : null
}
