import { lookup } from '../../catalog/catalog.ts'
import type { CatalogSnapshot, FunctionSignature } from '../../catalog/function.ts'
import { mergePolicies } from '../../catalog/policy/mergePolicies.ts'
import type { BatchingPolicy, CallOptions, CallOutcome } from '../../catalog/policy/policies.ts'
import { optionNames } from '../../catalog/policy/readOptions.ts'
import { EngineError } from '../base/errors.ts'
import { checkOptions } from './checkOptions.ts'
import type { Route, RoutedCall } from './stage.ts'

/** What decides about a call besides its function. */
export interface CallSite {
  /** Its arguments are constant, so that one row is called for all. */
  readonly once: boolean
  /** The rows can be shared between several engines. */
  readonly partitionable: boolean
  readonly options: CallOptions | null
  readonly outcome: CallOutcome
}

/** Microseconds a row from which the threads of a pool gain more than moving the data to them costs. */
const HEAVY_COST_PER_ROW = 5

/** The route of a call that the planner has given a place of its own. A forced route that cannot take it is an error. */
export function chooseRoute(signature: FunctionSignature, site: CallSite, forced: Route | null): RoutedCall {
  const { options, outcome } = site
  const route = (chosen: Route, reason: string): RoutedCall => ({
    function: signature.name,
    route: chosen,
    reason,
    options,
    outcome,
  })
  const obstacle = fusedObstacle(signature, site)
  if (forced === 'fused' && obstacle !== null) throw unavailable(signature, obstacle)
  if (forced !== null) return route(forced, 'forced by the setting route')
  if (obstacle !== null) return route('staged', obstacle)
  if (site.once) return route('staged', 'its arguments are constant: one row is called')
  if (!site.partitionable && (signature.costPerRow ?? 0) >= HEAVY_COST_PER_ROW) {
    return route('staged', `at ${signature.costPerRow} us a row the pool's threads are worth the way to them`)
  }
  return route('fused', 'a synchronous function from a module')
}

/** Functions of the calls that run inside DuckDB's callback, each once. */
export function fusedFunctions(calls: Iterable<RoutedCall>): readonly string[] {
  const fused = [...calls].filter(({ route }) => route === 'fused')
  return [...new Set(fused.map((call) => call.function))]
}

/** A call that DuckDB makes where it is written. */
export interface CallInPlace {
  readonly function: string
  readonly reason: string
  /** Default null. */
  readonly options?: CallOptions | null
  /** Default `'value'`. */
  readonly outcome?: CallOutcome
}

/** The route of a call in place: inside the callback if it can be, else over the bridge. */
export function routeInPlace(call: CallInPlace, catalog: CatalogSnapshot, forced: Route | null): RoutedCall {
  const { options = null, outcome = 'value' } = call
  const signature = lookup(catalog, call.function)
  checkOptions(signature, options)
  const fused = forced !== 'bridged' && fusedObstacle(signature, { options, outcome }) === null
  const reason = `stays in place: ${call.reason}`
  return { function: signature.name, route: fused ? 'fused' : 'bridged', reason, options, outcome }
}

type Asked = Pick<CallSite, 'options' | 'outcome'>

/** Why a function cannot run inside DuckDB's callback; null if it can. */
function fusedObstacle(signature: FunctionSignature, { options, outcome }: Asked): string | null {
  if (signature.remote !== null) return `replicas of '${signature.remote.group.name}' make its calls`
  if (signature.model !== null) return 'models run in threads of their own'
  if (signature.executor === 'process') return 'it runs in processes of its own'
  if (signature.stateful) return 'it keeps state'
  if (signature.async) return 'its handler is async'
  if (signature.module === null) return 'its handler is a closure of the main thread'
  if (signature.executor === 'main') return 'its executor is the main thread'
  if (outcome === 'try') return 'the errors of its rows are looked at'
  if (signature.secrets.length > 0) return 'it asks for secrets'
  const kept = dispatchedPolicies(signature, options)
  if (kept.length > 0) return `its policies need the dispatcher: ${kept.join(', ')}`
  return options === null ? null : 'it has options of its own'
}

/** What is done around a function's calls that needs the dispatcher, as it is called in definitions. */
function dispatchedPolicies(signature: FunctionSignature, options: CallOptions | null): readonly string[] {
  const { onError, dedupe, errorBudget, ...policies } = mergePolicies(signature.policies, options)
  const set = Object.entries(policies).flatMap(([name, policy]) =>
    policy === null ? [] : [optionNames[name] ?? name],
  )
  return [
    ...set,
    ...(dedupe ? ['dedupe'] : []),
    ...(onError === 'fail' ? [] : [`onError '${onError}'`]),
    ...Object.entries(errorBudget).flatMap(([name, most]) => (most === null ? [] : [name])),
    ...batchLimits(signature.batching),
    ...['maxBatchingSize', 'maxBufferDuration'].flatMap((name) =>
      options !== null && name in options ? [optionNames[name] ?? name] : [],
    ),
  ]
}

/** Limits of batches other than a number of rows. */
function batchLimits(batching: BatchingPolicy | null): readonly string[] {
  if (batching === null) return []
  const { maxBatchingSize, maxBytes, maxCost } = batching
  return [
    ...(maxBatchingSize === 'auto' ? ["maxBatchingSize 'auto'"] : []),
    ...(maxBytes === null ? [] : ['maxBytes']),
    ...(maxCost === null ? [] : ['maxCost']),
  ]
}

function unavailable({ name }: FunctionSignature, obstacle: string): EngineError {
  return new EngineError('ROUTE_UNAVAILABLE', `function '${name}' cannot take the route 'fused': ${obstacle}`)
}
