import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, metrics, trace } from '@opentelemetry/api'
import { afterEach, expect, test, vi } from 'vitest'
import { startCommandTelemetry } from '../../src/telemetry/commandTelemetry.ts'
import { traceQuery } from '../../src/telemetry/querySpans.ts'

const options = { service: 'callplane', version: '1.2.3', warn: () => {} }
let server: Server | null = null

afterEach(() => {
  vi.unstubAllEnvs()
  server?.closeAllConnections()
  server?.close()
  server = null
})

/** A collector: what it was sent, by path. */
async function collector(): Promise<{ readonly url: string; readonly received: Map<string, string> }> {
  const received = new Map<string, string>()
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      received.set(request.url ?? '', body)
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

test('nothing starts unless somebody asks for it', async () => {
  expect(await startCommandTelemetry(false, options, {})).toBeNull()
  expect(await startCommandTelemetry(true, options, { OTEL_SDK_DISABLED: 'true' })).toBeNull()
  expect(traceQuery({ statement: null, run: null }, true).carrier).toBeNull()
})

test('spans and metrics reach the collector, below the trace that the environment names', async () => {
  const { url, received } = await collector()
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url)
  vi.stubEnv('OTEL_SERVICE_NAME', 'nightly')
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const telemetry = await startCommandTelemetry(false, options, {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    TRACEPARENT: `00-${traceId}-b7ad6b7169203331-01`,
  })
  telemetry!.run(() => traceQuery({ statement: 'SELECT 42', run: null }, undefined).end(null))
  metrics.getMeter('callplane').createCounter('callplane.calls').add(7)
  await telemetry!.stop()
  const spans = JSON.parse(received.get('/v1/traces')!)
  const [{ resource, scopeSpans }] = spans.resourceSpans
  expect(scopeSpans[0].spans).toMatchObject([{ name: 'query', traceId, parentSpanId: 'b7ad6b7169203331' }])
  const attributes = resource.attributes.map(
    ({ key, value }: { key: string; value: { stringValue: string } }) => [key, value.stringValue],
  )
  expect(Object.fromEntries(attributes)).toMatchObject({
    'service.name': 'nightly',
    'service.version': '1.2.3',
  })
  expect(received.get('/v1/metrics')).toContain('callplane.calls')
  expect(trace.getSpan(context.active())).toBeUndefined()
})

test('a collector that is not there costs one warning, and no more than a few seconds', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1')
  const warnings: string[] = []
  const telemetry = await startCommandTelemetry(true, {
    ...options,
    warn: (problem) => warnings.push(problem),
  })
  traceQuery({ statement: null, run: null }, true).end(null)
  const started = performance.now()
  await telemetry!.stop()
  expect(performance.now() - started).toBeLessThan(4000)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(
    /^traces and metrics cannot be sent: (connect ECONNREFUSED 127.0.0.1:1|it takes longer than 3 s)$/,
  )
})
