import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

/** Installs an SDK that keeps spans in memory; `forget` takes it out again. */
export function recordSpans(): {
  spans(): readonly ReadableSpan[]
  reset(): void
  forget(): Promise<void>
} {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return {
    spans: () => exporter.getFinishedSpans(),
    reset: () => exporter.reset(),
    async forget() {
      await provider.shutdown()
      for (const api of [trace, context, propagation, metrics]) api.disable()
    },
  }
}

/** A line a span, below its parent; siblings in the order in which they began, and by name where that is the same. */
export function spanTree(
  spans: readonly ReadableSpan[],
  about: (span: ReadableSpan) => string = ({ name }) => name,
): string {
  const ids = new Set(spans.map((span) => span.spanContext().spanId))
  const draw = (parent: string | null, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext }) => {
        const id = parentSpanContext?.spanId
        return parent === null ? id === undefined || !ids.has(id) : id === parent
      })
      .toSorted((a, b) => startOf(a) - startOf(b) || (a.name < b.name ? -1 : 1))
      .flatMap((span) => [indent + about(span), ...draw(span.spanContext().spanId, `${indent}  `)])
  return draw(null, '').join('\n')
}

function startOf({ startTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * 1e9 + nanoseconds
}
