import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import { EngineError } from '../../src/base/errors.ts'
import { CallMetrics } from '../../src/telemetry/callMetrics.ts'
import type { CallObserver } from '../../udf/callEvents.ts'

const score = { function: 'score', version: 2 }
const labels = '{"callplane.function":"score","callplane.version":2'

/** A line for each series: name, attributes, sum (and number of measurements). */
async function measured(work: (observe: CallObserver) => void): Promise<readonly string[]> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
  const price = { perCall: 0.01, perRow: 0, perUnit: { tokens: 0.001 } }
  work(new CallMetrics(() => price, provider.getMeter('test')).observe)
  await provider.forceFlush()
  const series = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const figure = typeof value === 'number' ? value : `${value.sum} (${value.count})`
        return `${descriptor.name} ${descriptor.unit} ${JSON.stringify(attributes)} ${figure}`
      }),
    )
  await provider.shutdown()
  return series.toSorted()
}

test('everything that the profile counts is measured', async () => {
  const called = { kind: 'called', batch: 0, firstRow: 0, attempt: 1, started: 0 } as const
  const error = new EngineError('UNAVAILABLE', 'down')
  const lines = await measured((observe) => {
    observe(score, { ...called, rows: 32, capacity: 64, milliseconds: 500, error: null })
    observe(score, { ...called, rows: 64, capacity: 64, milliseconds: 250, error })
    observe(score, { ...called, rows: 8, calls: 0, capacity: 64, milliseconds: 250, error: null })
    observe(score, { kind: 'retried', rows: 64, error })
    observe(score, { kind: 'saved', by: 'dedupe', rows: 1000 })
    observe(score, { kind: 'waited', for: 'rateLimit', milliseconds: 2000 })
    observe(score, { kind: 'failed', rows: 3, error: new EngineError('ROW_FAILED', 'no') })
    observe(score, { kind: 'usage', key: 'somebody', units: { tokens: 100, dollars: 0.5 } })
    observe(score, { kind: 'log', level: 'info', message: 'hello', fields: {} })
  })
  expect(lines).toEqual(
    [
      `callplane.batch.fill 1 ${labels}} 1.5 (2)`,
      `callplane.call.duration s ${labels},"error.type":"UNAVAILABLE"} 0.25 (1)`,
      `callplane.call.duration s ${labels}} 0.5 (1)`,
      `callplane.calls {call} ${labels},"error.type":"UNAVAILABLE"} 1`,
      `callplane.calls {call} ${labels}} 1`,
      `callplane.cost {USD} ${labels}} 0.61`,
      `callplane.retries {batch} ${labels},"error.type":"UNAVAILABLE"} 1`,
      `callplane.rows {row} ${labels}} 40`,
      `callplane.rows.failed {row} ${labels},"error.type":"ROW_FAILED"} 3`,
      `callplane.rows.saved {row} ${labels},"callplane.saved_by":"dedupe"} 1000`,
      `callplane.usage {unit} ${labels},"callplane.unit":"dollars"} 0.5`,
      `callplane.usage {unit} ${labels},"callplane.unit":"tokens"} 100`,
      `callplane.wait.duration s ${labels},"callplane.wait_for":"rateLimit"} 2 (1)`,
    ].toSorted(),
  )
})

test('without a meter of anybody nothing is counted', () => {
  const { observe } = new CallMetrics()
  expect(observe(score, { kind: 'saved', by: 'cache', rows: 1 })).toBeUndefined()
})
