import { type Context, type HrTime, SpanStatusCode, trace } from '@opentelemetry/api'
import type { CallEvent, CallObserver } from '../../udf/callEvents.ts'
import { contextOf, type TraceCarrier } from '../../udf/traceCarrier.ts'
import { callplaneTracer } from './openSpan.ts'

export type SpanEvent = Extract<CallEvent, { kind: 'span' }>

/** Spans of one attempt that are kept until it ends. */
const SPANS_MAX = 1000

/** Gathers what a handler measures with `context.span` until its attempt ends: inner spans are told before the outer ones. */
export class HandlerSpans {
  readonly #spans: SpanEvent[] = []

  /** Takes spans, and passes everything else on. */
  observer(next: CallObserver): CallObserver {
    return (called, event) => {
      if (event.kind !== 'span') next(called, event)
      else if (this.#spans.length < SPANS_MAX) this.#spans.push(event)
    }
  }

  /** Records them below the span of the attempt. */
  record(attempt: TraceCarrier): void {
    const root = contextOf(attempt)
    const contexts = new Map<number, Context>()
    // Ids count up as spans begin, so that each comes after the one in which it lies.
    for (const event of this.#spans.toSorted((a, b) => a.id - b.id)) {
      const parent = event.parent === null ? root : (contexts.get(event.parent) ?? root)
      const span = callplaneTracer().startSpan(event.name, { startTime: timeOf(event.started) }, parent)
      if (event.error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: event.error })
      span.end(timeOf(event.started + event.milliseconds))
      contexts.set(event.id, trace.setSpan(parent, span))
    }
  }
}

/** A number alone could be taken for time since the process began. */
function timeOf(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}
