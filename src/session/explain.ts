import { lookup } from '../../catalog/catalog.ts'
import type { CatalogSnapshot } from '../../catalog/function.ts'
import { formatPlan } from '../plan/print.ts'
import { renderPlan } from '../plan/render.ts'
import { describeProfile } from '../run/profile/describeProfile.ts'
import { type CallEstimate, describeEstimate } from '../run/profile/estimateCalls.ts'
import type { RunProfile } from '../run/profile/runProfile.ts'
import type { CallStage, QueryStage, RoutedCall, Stage } from '../stage/stage.ts'
import { describeCallPolicies, executorPlaces } from './describeCallPolicies.ts'
import type { PlannedQuery } from './queryPlanner.ts'

/** What a run of the query took. */
export interface Measured {
  readonly rows: number
  readonly seconds: number
  readonly profile: RunProfile
}

/** What is known of calls besides the plan. */
export interface CallFacts {
  /** Calls of a site that may be in flight at once. */
  concurrencyOf(call: RoutedCall): number
  /** What earlier runs and DuckDB's estimate of rows let expect; null where nobody can tell. */
  estimateOf(call: RoutedCall): CallEstimate | null
}

/** The plan, the rules that made it, where each call runs and why, and the stages from the source to the result. */
export function explainQuery(
  query: PlannedQuery,
  facts: CallFacts,
  measured: Measured | null = null,
): string {
  const sections = [
    section('Plan', formatPlan(query.optimized)),
    section('Rules', query.rules.length === 0 ? 'none changed the plan' : query.rules.join(', ')),
    section(
      'Calls',
      query.calls.length === 0
        ? 'none'
        : query.calls.flatMap((call) => describeCall(call, query.catalog, facts)).join('\n'),
    ),
    section(
      'Stages',
      [
        ...query.stored.flatMap(({ relation, stage }) => [...describeStage(stage), `→ ${relation}, stored`]),
        ...describeStage(query.root),
      ].join('\n'),
    ),
    ...(measured === null ? [] : [section('Run', describeRun(measured))]),
  ]
  return sections.join('\n')
}

function section(title: string, body: string): string {
  return `${title}\n${body.trimEnd().replaceAll(/^/gm, '  ')}\n`
}

function describeCall(call: RoutedCall, catalog: CatalogSnapshot, facts: CallFacts): readonly string[] {
  const signature = lookup(catalog, call.function)
  const { version, executor, batching } = signature
  const batch = call.route !== 'fused' || batching === null ? '' : `, batches of ${batching.maxBatchingSize}`
  const where = call.route === 'fused' ? 'in the engine thread' : `on ${executorPlaces[executor]}`
  const head = `${call.function} (version ${version}): ${call.route}, ${where}${batch}: ${call.reason}`
  if (call.route === 'fused') return [head]
  const estimate = facts.estimateOf(call)
  return [
    head,
    `  ${describeCallPolicies(signature, call, facts.concurrencyOf(call))}`,
    ...(estimate === null ? [] : [`  ${describeEstimate(estimate)}`]),
  ]
}

/** One line a stage, the source first. */
function describeStage(stage: Stage): string[] {
  return stage.kind === 'query' ? describeQuery(stage) : describeCalls(stage)
}

function describeQuery(stage: QueryStage): string[] {
  const below = stage.inputs.flatMap(({ relation, stage: input }) => [
    ...describeStage(input),
    `→ ${relation}`,
  ])
  const place =
    stage.inputs.length === 0 || !stage.selfContained ? "the session's engine" : 'an engine of its own'
  const shared =
    stage.partitioning === null ? '' : ', shared by ranges of rows between several engines if large'
  const sql = renderPlan(stage.plan, { relationFor: ({ id }) => id }).replaceAll(/\s+/g, ' ')
  return [...below, `query on ${place}${shared}: ${sql}`]
}

function describeCalls(stage: CallStage): string[] {
  const calls = stage.calls.map((call) => {
    const notes = [call.guard === null ? '' : ' where its guard holds', call.once ? ' once' : '']
    return call.function + notes.join('')
  })
  return [...describeStage(stage.input), `call ${calls.join(', ')}`]
}

function describeRun({ rows, seconds, profile }: Measured): string {
  return [`${rows} rows in ${seconds.toFixed(3)} s`, ...describeProfile(profile)].join('\n')
}
