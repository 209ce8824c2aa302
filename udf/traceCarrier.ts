import {
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api'

/** A place in a trace, as W3C Trace Context writes it: plain data that crosses threads and wires. */
export interface TraceCarrier {
  /** Version, trace, span and flags: `00-<32 hex digits>-<16 hex digits>-01`. */
  readonly traceparent: string
  readonly tracestate: string | null
}

const traceparentPattern = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Null for a span that nobody records, as all are where no SDK is installed. */
export function carrierOf(span: SpanContext): TraceCarrier | null {
  if (!isSpanContextValid(span)) return null
  const flags = (span.traceFlags & 0xff).toString(16).padStart(2, '0')
  return Object.freeze({
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    tracestate: span.traceState?.serialize() || null,
  })
}

/** Null for what is no traceparent. */
export function spanContextOf({ traceparent, tracestate }: TraceCarrier): SpanContext | null {
  const match = traceparentPattern.exec(traceparent)
  if (match === null) return null
  const [, traceId, spanId, flags, more] = match
  // Later versions may write more, this one may not.
  if (traceparent.startsWith('00') && more !== undefined) return null
  const span: SpanContext = {
    traceId: traceId!,
    spanId: spanId!,
    traceFlags: Number.parseInt(flags!, 16),
    isRemote: true,
    ...(tracestate === null ? {} : { traceState: createTraceState(tracestate) }),
  }
  return isSpanContextValid(span) ? span : null
}

/** A context whose active span is the carrier's. */
export function contextOf(carrier: TraceCarrier): Context {
  const span = spanContextOf(carrier)
  return span === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span)
}

/** Runs `work` within the trace, so that what it calls can continue it. */
export function inTrace<Value>(carrier: TraceCarrier | null | undefined, work: () => Value): Value {
  return carrier == null ? work() : context.with(contextOf(carrier), work)
}
