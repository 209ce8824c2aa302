import { setTimeout } from 'node:timers/promises'
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
import { messageOf } from '../base/errors.ts'

/** How long the end of a command waits for what is not sent yet. */
const SHUTDOWN_MS_MAX = 3000
/** How long one message may be tried to be sent, if the environment does not say: its tries keep the process alive. */
const EXPORT_MS_MAX = 2000

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
  const fail = onceFailed(warn)
  diag.setLogger(errorLogger(fail), { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true })
  const timeout =
    process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] === undefined ? { timeoutMillis: EXPORT_MS_MAX } : {}
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': service, 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }))
  const spans = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(timeout) })],
  })
  const figures = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(timeout) })],
  })
  trace.setGlobalTracerProvider(spans)
  metrics.setGlobalMeterProvider(figures)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  return async () => {
    await inTime(Promise.all([spans.shutdown(), figures.shutdown()]).catch(fail), fail)
    for (const api of [trace, metrics, context, propagation, diag]) api.disable()
  }
}

function onceFailed(warn: TelemetryOptions['warn']): (thrown: unknown) => void {
  let failed = false
  return (thrown) => {
    if (failed) return
    failed = true
    warn(`traces and metrics cannot be sent: ${messageOf(thrown)}`)
  }
}

function errorLogger(fail: (problem: string) => void): DiagLogger {
  return {
    error: (message) => fail(errorText(message)),
    warn: quiet,
    info: quiet,
    debug: quiet,
    verbose: quiet,
  }
}

/** The SDK reports errors as JSON with their stack. */
function errorText(message: string): string {
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

async function inTime(work: Promise<unknown>, fail: (problem: string) => void): Promise<void> {
  const done = new AbortController()
  const late = setTimeout(SHUTDOWN_MS_MAX, undefined, { signal: done.signal }).then(
    () => fail(`it takes longer than ${SHUTDOWN_MS_MAX / 1000} s`),
    () => {},
  )
  await Promise.race([work, late])
  done.abort()
}

function quiet(): void {}
