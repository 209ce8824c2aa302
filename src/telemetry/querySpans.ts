import type { Random } from '../../udf/clock.ts'
import type { TraceCarrier } from '../../udf/traceCarrier.ts'
import { attribute } from './attributes.ts'
import { type OpenSpan, openQuerySpan, openSpanBelow } from './openSpan.ts'
import type { Tracing } from './tracing.ts'

/** What the span of a query tells. */
export interface TracedQuery {
  /** The statement, if it came as text. */
  readonly statement: string | null
  /** Id of the run that it belongs to. */
  readonly run: string | null
}

/** Opens the span of a query; call it where the query is asked for, so that the caller's active span is seen. */
export function traceQuery({ statement, run }: TracedQuery, tracing: Tracing, random?: Random): OpenSpan {
  const attributes = {
    ...(statement === null ? {} : { [attribute.statement]: statement }),
    ...(run === null ? {} : { [attribute.run]: run }),
  }
  return openQuerySpan({ name: 'query', attributes }, tracing, random)
}

/** Opens the span of a stage, below its query's. `stage`: what EXPLAIN calls it, such as `call score, upper`. */
export function traceStage(query: TraceCarrier | null | undefined, stage: string): OpenSpan {
  return openSpanBelow(query, { name: 'stage', attributes: { [attribute.stage]: stage } })
}
