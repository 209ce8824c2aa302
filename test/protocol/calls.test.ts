import { EventEmitter, once } from 'node:events'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Cancellation, onAbort } from '../../src/base/cancellation.ts'
import { EngineError } from '../../src/base/errors.ts'
import { createChannel } from '../../src/protocol/client.ts'
import {
  Health,
  HealthCheckResponse_ServingStatus,
} from '../../src/protocol/generated/grpc/health/v1/health_pb.ts'
import { MESSAGE_BYTES_MAX } from '../../src/protocol/limits.ts'
import { type CallHandler, GrpcServer } from '../../src/protocol/server.ts'
import { encodeCallRequest } from '../../src/protocol/wire.ts'
import { FaultProxy } from '../remote/faultProxy.ts'
import { channelTo, failureOf, request, serverOf } from './channels.ts'

const echo: CallHandler = async function* ({ payload }) {
  yield payload
}
/** Bytes of a request that are not its payload: the name, and two tags with lengths. */
const HEAD_BYTES = 3 + 5

/** A handler that goes on until its caller gives up, and tells of it. */
function endless(): {
  readonly handler: CallHandler
  readonly started: Promise<unknown>
  readonly aborted: Promise<unknown>
} {
  const events = new EventEmitter()
  return {
    started: once(events, 'started'),
    aborted: once(events, 'aborted').then(([reason]: unknown[]) => reason),
    async *handler(_request, { signal }) {
      events.emit('started')
      await new Promise<void>((resolve) => onAbort(signal, resolve))
      events.emit('aborted', signal.reason)
      yield Buffer.alloc(0)
    },
  }
}

describe('calls', () => {
  test('bring the name, the headers and the payload, and give back the bodies in order', async () => {
    const seen: unknown[] = []
    await using worker = await serverOf(async function* ({ name, payload }, { headers, peer, deadline }) {
      seen.push(name, headers['x-a'], peer.startsWith('127.0.0.1:'), deadline)
      yield payload
      yield Buffer.alloc(0)
      yield Buffer.from('last')
    })
    await using client = channelTo(worker.endpoint)
    const bodies = await client.channel.call(request({ name: 'Zoë', headers: { 'x-a': '1' } }))
    expect(bodies.map(String)).toEqual(['payload', '', 'last'])
    expect(seen).toEqual(['Zoë', '1', true, null])
  })

  test('take 32 MiB each way, and not a byte more', async () => {
    await using worker = await serverOf(echo)
    await using client = channelTo(worker.endpoint)
    const payload = Buffer.alloc(MESSAGE_BYTES_MAX - HEAD_BYTES, 7)
    const [body] = await client.channel.call(request({ payload }))
    expect(Buffer.compare(body!, payload)).toBe(0)
    const larger = Buffer.alloc(payload.length + 1)
    expect(await failureOf(client.channel.call(request({ payload: larger })))).toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message:
        'the request takes 33,554,433 bytes of 33,554,432\n  make batches of fewer rows: lower maxBatchingSize',
    })
  })

  test('with a larger answer fail for good', async () => {
    await using worker = await serverOf(async function* () {
      yield Buffer.alloc(MESSAGE_BYTES_MAX)
    })
    await using client = channelTo(worker.endpoint)
    expect(await failureOf(client.channel.call(request()))).toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      retryable: false,
    })
  })

  test('fail with what the handler throws, after what it gave', async () => {
    await using worker = await serverOf(async function* () {
      yield Buffer.from('one')
      throw new EngineError('CIRCUIT_OPEN', 'left alone', { retryAfter: 7 })
    })
    await using client = channelTo(worker.endpoint)
    const failure = { code: 'CIRCUIT_OPEN', message: 'left alone', details: { retryAfter: 7 } }
    expect(await failureOf(client.channel.call(request()))).toMatchObject(failure)
    const read: string[] = []
    const reading = async (): Promise<void> => {
      for await (const body of client.channel.stream(request())) read.push(String(body))
    }
    expect(await failureOf(reading())).toMatchObject(failure)
    expect(read).toEqual(['one'])
  })

  test('whose caller gives up end at once, here and there', async () => {
    const { handler, started, aborted } = endless()
    await using worker = await serverOf(handler)
    await using client = channelTo(worker.endpoint)
    const signal = new Cancellation()
    const reason = new EngineError('BUDGET_EXCEEDED', 'enough')
    const call = failureOf(client.channel.call(request({ signal })))
    await started
    signal.abort(reason)
    expect(await call).toBe(reason)
    expect(await aborted).toMatchObject({ code: 'CANCELLED', message: 'the caller gave the call up' })
    expect(await failureOf(client.channel.call(request({ signal })))).toBe(reason)
  })

  test('leave no listener behind', async () => {
    await using worker = await serverOf(echo)
    await using client = channelTo(worker.endpoint)
    let listening = 0
    const signal = new Cancellation()
    const counting = Object.assign(Object.create(signal) as Cancellation, {})
    Object.defineProperties(counting, {
      aborted: { value: false },
      listen: {
        value: (listener: () => void) => {
          listening++
          const forget = signal.listen(listener)
          return () => {
            listening--
            forget()
          }
        },
      },
    })
    for (let k = 0; k < 3; k++) await client.channel.call(request({ signal: counting }))
    expect(listening).toBe(0)
  })

  test('end by their deadline, here and there', async () => {
    const { handler, aborted } = endless()
    await using worker = await serverOf(handler)
    await using client = channelTo(worker.endpoint)
    const deadline = Date.now() + 200
    expect(await failureOf(client.channel.call(request({ deadline })))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    expect(await aborted).toMatchObject({ code: expect.stringMatching(/DEADLINE_EXCEEDED|CANCELLED/) })
    expect(await failureOf(client.channel.call(request({ deadline: Date.now() - 1 })))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
  })

  test('with a deadline in a year go on', async () => {
    await using worker = await serverOf(echo)
    await using client = channelTo(worker.endpoint)
    const bodies = await client.channel.call(request({ deadline: Date.now() + 365 * 86_400_000 }))
    expect(bodies.map(String)).toEqual(['payload'])
  })

  test('with a header that cannot be sent fail', async () => {
    await using client = channelTo('127.0.0.1:1')
    expect(await failureOf(client.channel.call(request({ headers: { 'x-a': 'Zoë' } })))).toMatchObject({
      code: 'WRONG_ARGUMENTS',
      message: "header 'x-a' cannot be sent: names are lower-case, values are printable ASCII",
    })
  })
})

describe('streams', () => {
  test('are read as they come, and slow the worker down', async () => {
    let given = 0
    await using worker = await serverOf(async function* () {
      for (; given < 1000; given++) yield Buffer.alloc(1 << 20, given)
    })
    await using client = channelTo(worker.endpoint)
    let read = 0
    for await (const body of client.channel.stream(request())) {
      expect(body[0]).toBe(read++ & 0xff)
      if (read === 5) break
    }
    expect(given).toBeLessThan(200)
  })

  test('that are left cancel the call', async () => {
    const { started, aborted, handler } = endless()
    await using worker = await serverOf(async function* (asked, call) {
      yield Buffer.from('one')
      yield* handler(asked, call)
    })
    await using client = channelTo(worker.endpoint)
    for await (const body of client.channel.stream(request())) {
      expect(String(body)).toBe('one')
      await started
      break
    }
    expect(await aborted).toMatchObject({ code: 'CANCELLED' })
  })
})

describe('connections', () => {
  test('that nobody takes say so, and that nothing was sent', async () => {
    await using client = channelTo('127.0.0.1:1')
    const failure = await failureOf(client.channel.call(request()))
    expect(failure).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'worker 127.0.0.1:1 is not reached: connect ECONNREFUSED 127.0.0.1:1',
      details: { unsent: true },
    })
  })

  test('that are cut fail their calls, and are made anew', async () => {
    await using worker = await serverOf(echo)
    const proxy = await FaultProxy.open(worker.endpoint)
    await using client = channelTo(proxy.endpoint)
    proxy.fault = { kind: 'cut', afterBytes: 100 }
    const failure = await failureOf(client.channel.call(request({ payload: Buffer.alloc(1000) })))
    expect(failure).toMatchObject({ code: 'UNAVAILABLE' })
    expect((failure as EngineError).details.unsent).toBeUndefined()
    proxy.fault = { kind: 'none' }
    expect(await client.channel.isServing('', 10_000)).toBe(true)
    await expect
      .poll(() => failureOf(client.channel.call(request())), { timeout: 10_000 })
      .toMatchObject({ value: [Buffer.from('payload')] })
    await proxy.close()
  })

  test('whose other side is silent are given up after a ping', async () => {
    const { handler, started } = endless()
    await using worker = await serverOf(handler)
    const proxy = await FaultProxy.open(worker.endpoint)
    await using client = channelTo(proxy.endpoint, { keepalive: { period: 100, timeout: 200 } })
    const call = failureOf(client.channel.call(request()))
    await started
    proxy.fault = { kind: 'halfOpen' }
    expect(await call).toMatchObject({ code: 'UNAVAILABLE' })
    await proxy.close()
  })

  test('that are closed fail what is in flight, and what comes later', async () => {
    const { handler, started } = endless()
    await using worker = await serverOf(handler)
    const channel = createChannel({ endpoint: worker.endpoint, tls: null, token: null })
    const call = failureOf(channel.call(request()))
    const serving = channel.isServing('', 60_000)
    await started
    channel.close()
    channel.close()
    const closed = { code: 'UNAVAILABLE', message: `the channel to ${worker.endpoint} is closed` }
    expect(await call).toMatchObject(closed)
    expect(await failureOf(channel.call(request()))).toMatchObject(closed)
    expect([await serving, await channel.isServing('', 10)]).toEqual([false, false])
  })

  test.each(['host', 'host:', 'a b:1', ':1', 'h:123456'])("'%s' is no endpoint", (endpoint) => {
    expect(() => createChannel({ endpoint, tls: null, token: null })).toThrow(
      `'${endpoint}' is no endpoint\n  write host:port, such as 10.0.0.7:8080`,
    )
  })
})

/** Gives servers a health of this status. */
function healthOf(status: HealthCheckResponse_ServingStatus): (server: GrpcServer) => void {
  return (server) =>
    server.serve(Health, {
      check: ({ service }) =>
        service === 'unknown'
          ? Promise.reject(new EngineError('UNKNOWN_FUNCTION', 'no such service'))
          : Promise.resolve({ status }),
    })
}

describe('health', () => {
  test('is asked of the service', async () => {
    await using worker = await serverOf(echo, {}, healthOf(HealthCheckResponse_ServingStatus.SERVING))
    await using client = channelTo(worker.endpoint)
    expect(await client.channel.isServing('', 10_000)).toBe(true)
    expect(await client.channel.isServing('unknown', 10_000)).toBe(false)
  })

  test('of a worker that does not serve or is not there is bad, and one without it is there', async () => {
    await using worker = await serverOf(echo, {}, healthOf(HealthCheckResponse_ServingStatus.NOT_SERVING))
    await using client = channelTo(worker.endpoint)
    await using without = await serverOf(echo)
    await using other = channelTo(without.endpoint)
    await using nobody = channelTo('127.0.0.1:1')
    expect(
      await Promise.all([
        client.channel.isServing('', 10_000),
        other.channel.isServing('', 10_000),
        nobody.channel.isServing('', 50),
      ]),
    ).toEqual([false, true, false])
  })

  test('is good as soon as the worker listens', async () => {
    await using first = await serverOf(echo)
    const port = Number(first.endpoint.split(':')[1])
    first.server.close()
    await using client = channelTo(first.endpoint)
    const serving = client.channel.isServing('', 20_000)
    await setTimeout(100)
    const server = new GrpcServer({ tls: null, token: null, maxConcurrentStreams: 1, maxRequestBytes: null })
    healthOf(HealthCheckResponse_ServingStatus.SERVING)(server)
    await server.listen('127.0.0.1', port)
    expect(await serving).toBe(true)
    server.close()
  })
})

describe('servers', () => {
  test('join the bytes of all messages of a request', async () => {
    await using worker = await serverOf(async function* ({ name, payload }) {
      yield Buffer.from(`${name}:${Buffer.from(payload).toString()}`)
    })
    const answer = await callInPieces(worker.endpoint, [
      encodeCallRequest({ name: 'f', payload: Buffer.from('a') }),
      encodeCallRequest({ name: '', payload: Buffer.from('b') }),
    ])
    expect(answer).toContain('f:ab')
  })

  test('refuse requests whose messages take too much together', async () => {
    await using worker = await serverOf(echo)
    const half = encodeCallRequest({ name: 'f', payload: Buffer.alloc(MESSAGE_BYTES_MAX / 2) })
    expect(await callInPieces(worker.endpoint, [half, half])).toBe(
      'status 11: the request takes more than 33,554,432 bytes',
    )
  })

  test('refuse calls that they have no memory for', async () => {
    const { handler, started } = endless()
    await using worker = await serverOf(handler, { maxRequestBytes: 1000 })
    await using client = channelTo(worker.endpoint)
    const signal = new Cancellation()
    const first = failureOf(client.channel.call(request({ payload: Buffer.alloc(2000), signal })))
    await started
    expect(await failureOf(client.channel.call(request()))).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'the worker has as many requests as it has memory for',
      retryable: true,
    })
    signal.abort(new EngineError('CANCELLED', 'enough'))
    await first
  })

  test('answer UNIMPLEMENTED for methods that they do not have', async () => {
    await using worker = await serverOf(echo, {}, (server) => server.serve(Health, {}))
    await using client = channelTo(worker.endpoint)
    expect(await client.channel.isServing('', 10_000)).toBe(true)
    expect(await client.channel.isServing('embedder', 10_000)).toBe(false)
  })

  test('that drain finish what they have, and take no more', async () => {
    const gate = new Cancellation()
    const events = new EventEmitter()
    const inside = once(events, 'entered')
    await using worker = await serverOf(async function* ({ payload }) {
      events.emit('entered')
      await new Promise<void>((resolve) => onAbort(gate, resolve))
      yield payload
    })
    await using client = channelTo(worker.endpoint)
    const call = client.channel.call(request())
    await inside
    const drained = worker.server.drain(60_000)
    await using late = channelTo(worker.endpoint)
    expect(await failureOf(late.channel.call(request()))).toMatchObject({
      code: 'UNAVAILABLE',
      details: { unsent: true },
    })
    gate.abort(null)
    expect((await call).map(String)).toEqual(['payload'])
    await drained
  })

  test('that drain too long end what they have', async () => {
    const { handler, started, aborted } = endless()
    await using worker = await serverOf(handler)
    await using client = channelTo(worker.endpoint)
    const call = failureOf(client.channel.call(request()))
    await started
    await worker.server.drain(50)
    expect(await call).toMatchObject({
      code: 'UNAVAILABLE',
      message: `worker ${worker.endpoint} is not reached: the worker was closed`,
    })
    expect(await aborted).toMatchObject({ code: 'SESSION_CLOSED', message: 'the worker was closed' })
  })

  test('need a port that is free', async () => {
    await using worker = await serverOf(echo)
    const port = Number(worker.endpoint.split(':')[1])
    const second = new GrpcServer({ tls: null, token: null, maxConcurrentStreams: 1, maxRequestBytes: null })
    expect(await failureOf(second.listen('127.0.0.1', port))).toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringContaining(`cannot listen on ${worker.endpoint}: `),
    })
    second.close()
  })
})

/** A call of several messages, as other clients make them; the text of its answer, or its status. */
async function callInPieces(endpoint: string, messages: readonly Buffer[]): Promise<string> {
  const session = connect(`http://${endpoint}`)
  const stream = session.request({
    ':method': 'POST',
    ':path': '/chalk.runtime.v1.RemoteCallService/CallFunction',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  let status = ''
  const note = ({ 'grpc-status': code = '0', 'grpc-message': text }: IncomingHttpHeaders): void => {
    if (code !== '0') status = `status ${[code].join()}: ${decodeURI([text].join())}`
  }
  stream.on('response', note)
  stream.on('trailers', note)
  stream.on('error', () => {})
  for (const message of messages) {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    stream.write(Buffer.concat([head, message]))
  }
  stream.end()
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  await once(stream, 'close')
  session.destroy()
  return status === '' ? Buffer.concat(parts).toString() : status
}
