import { expect, test } from 'vitest'
import { defineFunction } from '../../catalog/defineFunction.ts'
import { call, channelTo, openWorker } from './workers.ts'

const even = defineFunction({
  name: 'even',
  input: { n: 'BIGINT' },
  output: 'BIGINT',
  batching: { maxBatchingSize: 100 },
  handler: async ({ n }) => {
    if (n.some((one) => one !== null && one % 2n !== 0n)) throw new Error('odd')
    return n
  },
})

test('/metrics tells of calls, rows, errors and times by function', async () => {
  const worker = await openWorker({ functions: [even], metricsPort: 0 })
  const channel = channelTo(worker.endpoint)
  await call(channel, 'even', { n: ['BIGINT', [0n, 2n, 4n]] })
  await call(channel, 'even', { n: ['BIGINT', [6n]] })
  await expect(call(channel, 'even', { n: ['BIGINT', [1n]] })).rejects.toThrow('odd')
  const url = `http://127.0.0.1:${worker.metricsPort}/metrics`
  const response = await fetch(url)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  const lines = (await response.text()).split('\n')

  const valueOf = (series: string): number | undefined => {
    const line = lines.find((each) => each.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.split(' ')[1])
  }
  const of = 'callplane_function="even"'
  expect(valueOf(`callplane_worker_calls_total{${of}}`)).toBe(3)
  expect(valueOf(`callplane_worker_rows_total{${of}}`)).toBe(4)
  expect(valueOf(`callplane_worker_errors_total{${of},error_type="FUNCTION_FAILED"}`)).toBe(1)
  expect(valueOf(`callplane_worker_in_flight{${of}}`)).toBe(0)
  expect(valueOf('callplane_worker_waiting{}') ?? valueOf('callplane_worker_waiting')).toBe(0)
  expect(valueOf(`callplane_worker_call_duration_count{${of}}`)).toBe(3)
  expect(valueOf(`callplane_worker_call_duration_bucket{${of},le="60"}`)).toBe(3)
  expect((await fetch(url.replace('/metrics', '/other'))).status).toBe(404)
  await worker.close()
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('a port of metrics that is taken is said, and nothing stays open', async () => {
  const worker = await openWorker({ functions: [even], metricsPort: 0 })
  const port = worker.metricsPort!
  await expect(openWorker({ functions: [even], metricsPort: port })).rejects.toMatchObject({
    code: 'IO_FAILED',
    message: `cannot answer /metrics on 127.0.0.1:${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n  choose another port`,
  })
})
