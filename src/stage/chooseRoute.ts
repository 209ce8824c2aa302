import { lookup } from '../../catalog/catalog.ts'
import type { CatalogSnapshot, FunctionSignature } from '../../catalog/function.ts'
import { EngineError } from '../base/errors.ts'
import type { Route, RoutedCall } from './stage.ts'

/** What decides about a call besides its function. */
export interface CallSite {
  /** Its arguments are constant, so that one row is called for all. */
  readonly once: boolean
  /** The rows can be shared between several engines. */
  readonly partitionable: boolean
}

/** Microseconds a row from which the threads of a pool gain more than moving the data to them costs. */
const HEAVY_COST_PER_ROW = 5

/** The route of a call that the planner has given a place of its own. A forced route that cannot take it is an error. */
export function chooseRoute(signature: FunctionSignature, site: CallSite, forced: Route | null): RoutedCall {
  const route = (chosen: Route, reason: string): RoutedCall => ({
    function: signature.name,
    route: chosen,
    reason,
  })
  const obstacle = fusedObstacle(signature)
  if (forced === 'fused' && obstacle !== null) {
    throw new EngineError(
      'ROUTE_UNAVAILABLE',
      `function '${signature.name}' cannot take the route 'fused': ${obstacle}`,
    )
  }
  if (forced !== null) return route(forced, 'forced by the setting route')
  if (obstacle !== null) return route('staged', obstacle)
  if (site.once) return route('staged', 'its arguments are constant: one row is called')
  if (!site.partitionable && (signature.costPerRow ?? 0) >= HEAVY_COST_PER_ROW) {
    return route('staged', `at ${signature.costPerRow} us a row the pool's threads are worth the way to them`)
  }
  return route('fused', 'a synchronous function from a module')
}

/** A call that DuckDB makes where it is written. */
export interface CallInPlace {
  readonly function: string
  readonly reason: string
}

/** The route of a call in place: inside the callback if it can be, else over the bridge. */
export function routeInPlace(call: CallInPlace, catalog: CatalogSnapshot, forced: Route | null): RoutedCall {
  const signature = lookup(catalog, call.function)
  const fused = forced !== 'bridged' && fusedObstacle(signature) === null
  const reason = `stays in place: ${call.reason}`
  return { function: signature.name, route: fused ? 'fused' : 'bridged', reason }
}

/** Why a function cannot run inside DuckDB's callback; null if it can. */
export function fusedObstacle(signature: FunctionSignature): string | null {
  if (signature.async) return 'its handler is async'
  if (signature.module === null) return 'its handler is a closure of the main thread'
  if (signature.executor === 'main') return 'its executor is the main thread'
  return null
}
