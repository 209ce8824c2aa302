import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scaler } from '../../src/kubernetes/scaler.ts'
import { LoadReporter } from '../../udf/scaling/loadReporter.ts'
import { KedaClient } from './kedaClient.ts'

const object = {
  name: 'text-embedder',
  namespace: 'ml',
  scalerMetadata: { group: 'text_embedder', targetQueueDepth: '6' },
}

/** Milliseconds after which a scaler takes silence for no calls, and forgets processes. */
const LIFE = 10_000

let now = 0
let scaler: Scaler
let keda: KedaClient

beforeEach(async () => {
  now = 1_700_000_000_000
  scaler = await Scaler.open({ port: 0, reportPort: 0, token: 'wonder', clock: { now: () => now } })
  keda = new KedaClient(scaler.port)
})

afterEach(async () => {
  keda.close()
  await scaler.close()
})

function post(body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${scaler.reportPort}/load`, {
    method: 'POST',
    headers: { authorization: 'Bearer wonder' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  })
}

async function report(client: string, inFlight: number, waiting: number): Promise<void> {
  const { status } = await post({ client, groups: { text_embedder: { inFlight, waiting } } })
  expect(status).toBe(204)
}

async function depth(): Promise<number | undefined> {
  const { metricValues } = await keda.ask('getMetrics', {
    scaledObjectRef: object,
    metricName: 'queue-depth',
  })
  expect(metricValues.map(({ metricValue }) => Number(metricValue))).toEqual(
    metricValues.map(({ metricValueFloat }) => metricValueFloat),
  )
  return metricValues[0]?.metricValueFloat
}

async function active(): Promise<boolean> {
  return (await keda.ask('isActive', object)).result
}

describe('what KEDA asks', () => {
  it('is how many calls a replica should have', async () => {
    const { metricSpecs } = await keda.ask('getMetricSpec', object)
    expect(metricSpecs).toMatchObject([{ metricName: 'queue-depth', targetSize: 6n, targetSizeFloat: 6 }])
  })

  it('is answered by what all processes have, as long as they are heard of', async () => {
    await report('a', 3, 4)
    now += LIFE / 2
    await report('b', 1, 0)
    expect([await depth(), await active()]).toEqual([8, true])
    await report('a', 2, 0)
    expect(await depth()).toBe(3)
    now += LIFE - 1
    expect(await depth()).toBe(3)
    now += 1
    expect([await depth(), await active()]).toEqual([0, false])
  })

  it('is not answered as long as processes may not have reported yet', async () => {
    const message =
      "it is not known yet whether scaling group 'text_embedder' has calls\n  the scaler has just started: ask again in some seconds"
    await expect(active()).rejects.toMatchObject({ code: 14, details: message })
    await expect(depth()).rejects.toMatchObject({ code: 14, details: message })
    now += LIFE
    expect([await depth(), await active()]).toEqual([0, false])
  })

  it('is refused for a trigger that says too little', async () => {
    const { scalerMetadata } = object
    const trigger = 'the trigger of ScaledObject ml/text-embedder'
    const ask = (changed: Record<string, string>, name: 'isActive' | 'getMetricSpec') =>
      keda.ask(name, { ...object, scalerMetadata: { ...scalerMetadata, ...changed } })
    await expect(ask({ group: '' }, 'isActive')).rejects.toMatchObject({
      code: 3,
      details: `${trigger} names no group\n  add metadata: { group: '<name>' }`,
    })
    await expect(ask({ targetQueueDepth: 'many' }, 'getMetricSpec')).rejects.toMatchObject({
      code: 3,
      details: `${trigger} has the targetQueueDepth 'many'\n  give a number above 0`,
    })
    await expect(
      keda.ask('getMetrics', { scaledObjectRef: object, metricName: 'cpu' }),
    ).rejects.toMatchObject({ code: 3, details: "there is no metric 'cpu'\n  there is 'queue-depth' alone" })
  })

  it('is told by itself, when a group gets its first calls and when it has none any more', async () => {
    now += LIFE
    const told = keda.stream(object)
    expect(await once(told, 'data')).toMatchObject([{ result: false }])
    const first = once(told, 'data')
    await report('a', 0, 1)
    expect(await first).toMatchObject([{ result: true }])
    await report('a', 5, 9)
    const last = once(told, 'data')
    // The scaler looks each second by itself.
    now += LIFE
    expect(await last).toMatchObject([{ result: false }])
    told.cancel()
  })

  it('is told nothing before it is known', async () => {
    const told = keda.stream(object)
    const first = once(told, 'data')
    now += LIFE
    expect(await first).toMatchObject([{ result: false }])
    told.cancel()
  })
})

describe('reports', () => {
  it('are shown together', async () => {
    await report('a', 3, 4)
    await report('b', 1, 0)
    const answer = await fetch(`http://127.0.0.1:${scaler.reportPort}/load`, {
      headers: { authorization: 'Bearer wonder' },
    })
    expect(await answer.json()).toEqual({ text_embedder: { inFlight: 4, waiting: 4 } })
  })

  it('are written as docs/kubernetes.md says', async () => {
    const [, body = ''] = /-d '(.*)'/.exec(readFileSync('docs/kubernetes.md', 'utf8')) ?? []
    expect((await post(body)).status).toBe(204)
    expect(await depth()).toBe(4)
  })

  it.each<[string, unknown, RequestInit, [number, string]]>([
    ['without a token', {}, { headers: {} }, [401, 'the token is missing or wrong']],
    [
      'with a wrong one',
      {},
      { headers: { authorization: 'Bearer x' } },
      [401, 'the token is missing or wrong'],
    ],
    ['of another kind', {}, { method: 'PUT' }, [405, 'POST /load and GET /load are all there is here']],
    ['that are too long', 'x'.repeat(20_000), {}, [413, 'a report takes at most 16384 bytes']],
    ['that are no JSON', '{', {}, [400, 'the report of calls is not understood: it is no JSON']],
    ['that are a list', [], {}, [400, 'the report of calls is not understood: it is no object']],
    [
      'of nobody',
      { groups: {} },
      {},
      [400, "the report of calls is not understood: 'client' must be a text of 1 to 128 characters"],
    ],
    [
      'of less than nothing',
      { client: 'a', groups: { churn: { inFlight: -1, waiting: 0 } } },
      {},
      [
        400,
        "the report of calls is not understood: 'inFlight' of 'churn' must be a whole number from 0 to 1000000",
      ],
    ],
  ])('%s are refused', async (_, body, init, [status, text]) => {
    const answer = await post(body, init)
    expect([answer.status, await answer.text()]).toEqual([status, `${text}\n`])
  })
})

describe('a process that calls groups', () => {
  const group = { group: 'text_embedder', inFlight: 0, waiting: 0 }

  it('tells of a first call at once, of others each second, and that it ends', async () => {
    now += LIFE
    const told = keda.stream(object)
    await once(told, 'data')
    const calls = { ...group }
    const reporter = new LoadReporter({
      url: `http://127.0.0.1:${scaler.reportPort}`,
      token: 'wonder',
      groups: () => [calls, { ...group, inFlight: calls.waiting }],
    })
    const first = once(told, 'data')
    calls.waiting = 2
    expect(await first).toMatchObject([{ result: true }])
    expect(await depth()).toBe(4)
    calls.inFlight = 5
    await expect.poll(depth, { timeout: 20_000 }).toBe(9)
    const last = once(told, 'data')
    await reporter.close()
    expect(await last).toMatchObject([{ result: false }])
    told.cancel()
  })

  it('says once that its reports fail, and goes on', async () => {
    const problems: string[] = []
    let look: (() => void) | undefined
    const reporter = new LoadReporter({
      url: `http://127.0.0.1:${scaler.reportPort}`,
      token: 'wrong',
      groups: () => [{ ...group, inFlight: 1 }],
      warn: (problem) => problems.push(problem),
      every: (_, callback) => {
        look = callback
        return () => {}
      },
    })
    await expect.poll(() => (look?.(), problems.length)).toBe(1)
    for (let looks = 0; looks < 50; looks++) {
      look?.()
      await setImmediate()
    }
    await reporter.close()
    expect(problems).toEqual([`cannot report to the scaler: 127.0.0.1:${scaler.reportPort} answers 401`])
  })

  it('needs an address', () => {
    expect(() => new LoadReporter({ url: 'scaler:9091', token: null, groups: () => [] })).toThrow(
      "'scaler:9091' is no address of a scaler\n  write it as http://host:9091 or https://host:9091",
    )
  })
})

describe('an address that strangers reach', () => {
  it('needs TLS and a token', async () => {
    await expect(Scaler.open({ host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        'a scaler that listens on 0.0.0.0 needs TLS and a token: whoever reaches it could start replicas\n  give it a certificate, its key and a token, let it listen on 127.0.0.1, or say that it may be insecure',
    })
  })

  it('is taken by one scaler', async () => {
    await expect(Scaler.open({ port: 0, reportPort: scaler.reportPort })).rejects.toMatchObject({
      code: 'IO_FAILED',
    })
    await expect(Scaler.open({ port: scaler.port, reportPort: 0 })).rejects.toMatchObject({
      code: 'IO_FAILED',
    })
  })
})
