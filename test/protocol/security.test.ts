import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import { createChannel } from '../../src/protocol/client.ts'
import {
  Health,
  HealthCheckResponse_ServingStatus,
} from '../../src/protocol/generated/grpc/health/v1/health_pb.ts'
import { type CallHandler, GrpcServer } from '../../src/protocol/server.ts'
import { type CertificateFiles, hasOpenssl, TestCertificates } from './certificates.ts'
import { channelTo, failureOf, request, serverOf } from './channels.ts'

const openssl = hasOpenssl()
if (!openssl) console.warn('the tests of TLS are skipped: openssl is not installed')

/** An echo that counts the calls which reached it. */
function counted(): { readonly handler: CallHandler; calls: number } {
  const counter = {
    calls: 0,
    async *handler({ payload }: { readonly payload: Uint8Array }) {
      counter.calls++
      yield payload
    },
  }
  return counter
}

function security(changes: Partial<TransportSecurity>): TransportSecurity {
  return { ca: null, cert: null, key: null, serverName: null, ...changes }
}

function channelWith(tls: Partial<TransportSecurity>): () => void {
  return () => createChannel({ endpoint: 'localhost:1', tls: security(tls), token: null }).close()
}

const okay = { value: [Buffer.from('payload')] }

describe('tokens', () => {
  const cases: readonly (readonly [string, string | null, string])[] = [
    ['no token', null, 'the call needs a bearer token, and there is no one'],
    ['a wrong token', 'wrong', 'the call needs a bearer token, and it is another one'],
    ['the beginning of the token', 'secre', 'the call needs a bearer token, and it is another one'],
  ]
  test.each(cases)('%s is refused before the payload is read', async (_, token, message) => {
    const echo = counted()
    await using worker = await serverOf(echo.handler, { token: 'secret' })
    await using client = channelTo(worker.endpoint, { token })
    const payload = Buffer.alloc(1 << 20)
    expect(await failureOf(client.channel.call(request({ payload })))).toMatchObject({
      code: 'REMOTE_REFUSED',
      message,
      details: { endpoint: worker.endpoint },
    })
    expect(echo.calls).toBe(0)
  })

  test('the right token is taken, and services that are open need none', async () => {
    await using worker = await serverOf(counted().handler, { token: 'secret' }, (server) =>
      server.serve(
        Health,
        { check: () => Promise.resolve({ status: HealthCheckResponse_ServingStatus.SERVING }) },
        { open: true },
      ),
    )
    await using client = channelTo(worker.endpoint, { token: 'secret' })
    await using stranger = channelTo(worker.endpoint)
    expect(await failureOf(client.channel.call(request()))).toEqual(okay)
    expect(await stranger.channel.isServing('', 10_000)).toBe(true)
  })

  test('do not leave this machine in clear text, unless that is wanted', async () => {
    const options = { endpoint: 'worker.example:8080', tls: null, token: 'secret' }
    expect(() => createChannel(options)).toThrow(
      'the token for worker.example:8080 would be sent in clear text\n  give the scaling group tls',
    )
    createChannel({ ...options, insecure: true }).close()
  })
})

describe.skipIf(!openssl)('TLS', () => {
  const made = openssl ? new TestCertificates() : null
  let authority: CertificateFiles
  let other: CertificateFiles
  let worker: CertificateFiles
  let client: CertificateFiles
  let stranger: CertificateFiles

  beforeAll(() => {
    authority = made!.authority('authority')
    other = made!.authority('other')
    worker = made!.signed('worker', authority)
    client = made!.signed('client', authority)
    stranger = made!.signed('stranger', other)
  })
  afterAll(() => made?.remove())

  const hint =
    '\n  check the certificates of both sides: tls of the scaling group, and the flags of the worker'

  test('carries calls and the token', async () => {
    await using server = await serverOf(counted().handler, { tls: security(worker), token: 'secret' })
    await using safe = channelTo(server.endpoint, { tls: security({ ca: authority.cert }), token: 'secret' })
    expect(await failureOf(safe.channel.call(request()))).toEqual(okay)
    await using wrong = channelTo(server.endpoint, { tls: security({ ca: authority.cert }), token: 'wrong' })
    expect(await failureOf(wrong.channel.call(request()))).toMatchObject({ code: 'REMOTE_REFUSED' })
  })

  const refusals: readonly (readonly [string, () => CertificateFiles, Partial<TransportSecurity>, string])[] =
    [
      [
        'a worker of another authority',
        () => made!.signed('foreign', other),
        {},
        'unable to verify the first certificate',
      ],
      [
        'a worker whose certificate has expired',
        () => made!.signed('expired', authority, { days: -1 }),
        {},
        'certificate has expired',
      ],
      [
        'a worker of another name',
        () => made!.signed('named', authority, { host: 'DNS:worker.example' }),
        {},
        "Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list:",
      ],
      [
        'a worker of another name than was asked for',
        () => worker,
        { serverName: 'worker.example' },
        "Hostname/IP does not match certificate's altnames: Host: worker.example. is not in the cert's altnames: DNS:localhost, IP Address:127.0.0.1",
      ],
    ]
  test.each(refusals)('refuses %s', async (_, certificate, changes, reason) => {
    const echo = counted()
    await using server = await serverOf(echo.handler, { tls: security(certificate()) })
    await using caller = channelTo(server.endpoint, { tls: security({ ca: authority.cert, ...changes }) })
    expect(await failureOf(caller.channel.call(request()))).toMatchObject({
      code: 'REMOTE_REFUSED',
      message: `no secure connection to worker ${server.endpoint}: ${reason}${hint}`,
    })
    expect(echo.calls).toBe(0)
  })

  test('takes a worker by the name that was asked for', async () => {
    const named = made!.signed('example', authority, { host: 'DNS:worker.example' })
    await using server = await serverOf(counted().handler, { tls: security(named) })
    await using caller = channelTo(server.endpoint, {
      tls: security({ ca: authority.cert, serverName: 'worker.example' }),
    })
    expect(await failureOf(caller.channel.call(request()))).toEqual(okay)
  })

  test('of a worker that wants certificates takes those of its authority', async () => {
    await using server = await serverOf(counted().handler, {
      tls: security({ ca: authority.cert, ...worker }),
    })
    await using caller = channelTo(server.endpoint, { tls: security({ ca: authority.cert, ...client }) })
    expect(await failureOf(caller.channel.call(request()))).toEqual(okay)
  })

  const closed =
    'is not reached: the connection was closed as soon as it was made\n  check that both sides use TLS, or none, and that the worker accepts the certificate of this one'
  const callers: readonly (readonly [string, () => Partial<TransportSecurity>])[] = [
    ['no certificate', () => ({})],
    ['a certificate of another authority', () => stranger],
    ['a certificate that has expired', () => made!.signed('late', authority, { days: -1 })],
  ]
  test.each(callers)('of a worker that wants certificates refuses %s', async (_, certificate) => {
    const echo = counted()
    await using server = await serverOf(echo.handler, { tls: security({ ca: authority.cert, ...worker }) })
    await using caller = channelTo(server.endpoint, {
      tls: security({ ca: authority.cert, ...certificate() }),
    })
    const failure = await failureOf(caller.channel.call(request()))
    // Of a worker that closes the connection without a word, nobody knows why.
    const messages = [
      `no secure connection to worker ${server.endpoint}: SSL: tlsv13 alert certificate required${hint}`,
      `worker ${server.endpoint} ${closed}`,
    ]
    expect(messages).toContain((failure as Error).message)
    expect(echo.calls).toBe(0)
  })

  test('does not speak with clear text, either way', async () => {
    await using plain = await serverOf(counted().handler)
    await using secure = await serverOf(counted().handler, { tls: security(worker) })
    await using toPlain = channelTo(plain.endpoint, { tls: security({ ca: authority.cert }) })
    await using toSecure = channelTo(secure.endpoint)
    expect(await failureOf(toPlain.channel.call(request()))).toMatchObject({
      code: 'REMOTE_REFUSED',
      message: `no secure connection to worker ${plain.endpoint}: SSL: wrong version number${hint}`,
    })
    expect(await failureOf(toSecure.channel.call(request()))).toMatchObject({
      code: 'UNAVAILABLE',
      message: `worker ${secure.endpoint} ${closed}`,
      details: { unsent: true },
    })
  })

  test('needs files that are there, and hold what they should', () => {
    const missing = join(made!.folder, 'missing.crt')
    const text = join(made!.folder, 'text.crt')
    writeFileSync(text, 'nothing of the kind')
    expect(channelWith({ ca: missing })).toThrow(
      `tls.ca cannot be read: ENOENT: no such file or directory, open '${missing}'`,
    )
    expect(channelWith({ ca: text })).toThrow(`tls.ca holds no certificate in PEM: ${text}`)
    expect(channelWith({ cert: client.cert })).toThrow(
      'tls has a cert without a key, or a key without a cert\n  give both files, or neither',
    )
    expect(channelWith({ cert: client.cert, key: stranger.key })).toThrow(
      /^tls cannot be used: .*key values mismatch/,
    )
    expect(
      () =>
        new GrpcServer({
          tls: security({ ca: authority.cert }),
          token: null,
          maxConcurrentStreams: 1,
          maxRequestBytes: null,
        }),
    ).toThrow('a server with tls needs a cert and a key')
  })
})
