import { context, type DiagLogger, DiagLogLevel, diag, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** How long the end of a command waits for what is not sent yet. */
const SHUTDOWN_MS_MAX = 3000

export interface TelemetryOptions {
  /** Name of the service unless OTEL_SERVICE_NAME gives one. */
  readonly service: string
  readonly version: string
  /** Is told, once, that something could not be sent. */
  readonly warn: (problem: string) => void
}

/** Sends what was measured, waits a few seconds at most, and takes the SDK out of the process. */
export type StopTelemetry = () => Promise<void>

/**
 * Installs an SDK that sends spans and metrics over OTLP/HTTP, to where the environment says (`OTEL_EXPORTER_OTLP_ENDPOINT`, by
 * default http://localhost:4318, and its sisters). Only programs of their own do this, never the library.
 */
export function startTelemetry({ service, version, warn }: TelemetryOptions): StopTelemetry {
  diag.setLogger(warningOnce(warn), { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true })
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': service, 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }))
  const spans = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
  const figures = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
  })
  trace.setGlobalTracerProvider(spans)
  metrics.setGlobalMeterProvider(figures)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  return async () => {
    await inTime(Promise.allSettled([spans.shutdown(), figures.shutdown()]), warn)
    for (const api of [trace, metrics, context, propagation, diag]) api.disable()
  }
}

function warningOnce(warn: TelemetryOptions['warn']): DiagLogger {
  let warned = false
  const error = (message: string): void => {
    if (warned) return
    warned = true
    warn(`traces and metrics cannot be sent: ${firstLine(message)}`)
  }
  const quiet = (): void => {}
  return { error, warn: quiet, info: quiet, debug: quiet, verbose: quiet }
}

/** The SDK reports errors as JSON with their stack. */
function firstLine(message: string): string {
  try {
    const parsed: unknown = JSON.parse(message)
    const text: unknown =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'message') : null
    if (typeof text === 'string' && text !== '') return text
  } catch {
    // Then it is plain text.
  }
  return message.split('\n', 1)[0]!
}

async function inTime(work: Promise<unknown>, warn: TelemetryOptions['warn']): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      warn(`traces and metrics could not be sent within ${SHUTDOWN_MS_MAX / 1000} s`)
      resolve()
    }, SHUTDOWN_MS_MAX)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
