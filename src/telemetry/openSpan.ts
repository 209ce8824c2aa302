import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Random } from '../../udf/clock.ts'
import { carrierOf, contextOf, type TraceCarrier } from '../../udf/traceCarrier.ts'
import { isEngineError, messageOf } from '../base/errors.ts'
import { attribute } from './attributes.ts'
import { decideTracing, type Tracing } from './tracing.ts'

/** A span that goes on. */
export interface OpenSpan {
  /** Where what it does hangs its own spans; null where nothing is traced. */
  readonly carrier: TraceCarrier | null
  /** Ends it; `error`: what it failed with, null if it succeeded. Safe to call twice: the first end counts. */
  end(error: unknown, attributes?: Attributes): void
}

const untraced: OpenSpan = Object.freeze({ carrier: null, end() {} })

export interface SpanStart {
  readonly name: string
  readonly attributes: Attributes
}

/** Opens the span of a query, if it is to be traced: below the span that is active where this is called, or with no parent. */
export function openQuerySpan(start: SpanStart, tracing: Tracing, random: Random = Math.random): OpenSpan {
  if (tracing === false) return untraced
  const active = context.active()
  const caller = trace.getSpanContext(active)
  const callerTraced = caller !== undefined && (caller.traceFlags & TraceFlags.SAMPLED) !== 0
  switch (decideTracing(tracing, callerTraced, random)) {
    case 'none':
      return untraced
    case 'continue':
      return opened(start, active)
    case 'root':
      // A caller that is not sampled would take this trace out of the sample too.
      return opened(start, ROOT_CONTEXT, caller === undefined ? [] : [{ context: caller }])
  }
}

/** Opens a span below another; without one there is nothing to trace. */
export function openSpanBelow(parent: TraceCarrier | null | undefined, start: SpanStart): OpenSpan {
  return parent == null ? untraced : opened(start, contextOf(parent))
}

export function callplaneTracer(): Tracer {
  return trace.getTracer('callplane')
}

/** Says on a span what went wrong. */
export function markFailed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
  span.setAttribute(attribute.error, isEngineError(error) ? error.code : '_OTHER')
}

function opened({ name, attributes }: SpanStart, parent: Context, links: Link[] = []): OpenSpan {
  const span = callplaneTracer().startSpan(name, { attributes, links }, parent)
  const carrier = carrierOf(span.spanContext())
  if (carrier === null) return untraced
  return {
    carrier,
    end(error, more = {}) {
      span.setAttributes(more)
      if (error !== null) markFailed(span, error)
      span.end()
    },
  }
}
