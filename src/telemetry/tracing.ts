import type { Random } from '../../udf/clock.ts'
import { EngineError } from '../base/errors.ts'

/**
 * When a query is traced: always; never, even if its caller is; if its caller is, and of the others so large a share. Undefined:
 * only if its caller is.
 */
export type Tracing = boolean | { readonly sampleRate: number } | undefined

/** Whether a query is traced, and whether its spans hang below its caller's or begin a trace of their own. */
export type TraceDecision = 'none' | 'continue' | 'root'

/** Throws CONFIG_INVALID for what says nothing of the kind. */
export function checkTracing(tracing: unknown): Tracing {
  if (tracing === undefined || typeof tracing === 'boolean') return tracing
  const rate: unknown =
    typeof tracing === 'object' && tracing !== null ? Reflect.get(tracing, 'sampleRate') : null
  if (typeof rate === 'number' && rate >= 0 && rate <= 1) return Object.freeze({ sampleRate: rate })
  throw new EngineError(
    'CONFIG_INVALID',
    `tracing is ${JSON.stringify(tracing)}: it must be true, false or { sampleRate: 0 to 1 }`,
  )
}

/** `callerTraced`: whether the code that asks for the query runs within a span that is sampled. */
export function decideTracing(tracing: Tracing, callerTraced: boolean, random: Random): TraceDecision {
  if (tracing === false) return 'none'
  if (callerTraced) return 'continue'
  if (tracing === undefined) return 'none'
  if (tracing === true) return 'root'
  return random() < tracing.sampleRate ? 'root' : 'none'
}
