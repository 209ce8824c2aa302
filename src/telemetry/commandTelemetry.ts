import { inTrace } from '../../udf/traceCarrier.ts'
import type { StopTelemetry, TelemetryOptions } from './sdk.ts'

const endpoints = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
]

export interface CommandTelemetry {
  /** Runs the work of the command, within the trace that TRACEPARENT in the environment names. */
  run<Value>(work: () => Value): Value
  readonly stop: StopTelemetry
}

/** Loads and starts the SDK if the environment or `--trace` asks for it; null if nobody does. */
export async function startCommandTelemetry(
  asked: boolean,
  options: TelemetryOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<CommandTelemetry | null> {
  const isConfigured = endpoints.some((name) => (environment[name] ?? '') !== '')
  const isDisabled = environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true'
  if (isDisabled || !(asked || isConfigured)) return null
  const { startTelemetry } = await import('./sdk.ts')
  const stop = startTelemetry(options)
  const { TRACEPARENT: traceparent, TRACESTATE: tracestate } = environment
  const caller = traceparent === undefined ? null : { traceparent, tracestate: tracestate || null }
  return { run: (work) => inTrace(caller, work), stop }
}
