import { afterAll, expect, test } from 'vitest'
import { defineFunction } from '../../catalog/defineFunction.ts'
import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import { TestCertificates } from '../protocol/certificates.ts'
import { call, channelTo, openWorker } from './workers.ts'

const certificates = new TestCertificates()
afterAll(() => certificates.remove())
const authority = certificates.authority('authority')
const stranger = certificates.authority('stranger')

let calls = 0
const echo = defineFunction({
  name: 'echo',
  input: { text: 'VARCHAR' },
  output: 'VARCHAR',
  handler: async ({ text }) => {
    calls++
    return text
  },
})
const columns = { text: ['VARCHAR', ['a']] } as const
const server = certificates.signed('server', authority)

function trusting(ca: string, client?: { readonly cert: string; readonly key: string }): TransportSecurity {
  return { ca, cert: client?.cert ?? null, key: client?.key ?? null, serverName: null }
}

test('with TLS and a token only those call who have both', async () => {
  const worker = await openWorker({ functions: [echo], tls: server, token: 'secret' })
  const tls = trusting(authority.cert)
  const before = calls
  const answer = call(channelTo(worker.endpoint, { tls, token: 'secret' }), 'echo', columns)
  expect(await answer).toEqual([{ result: ['a'] }])
  expect(calls).toBe(before + 1)
  const refused = [
    channelTo(worker.endpoint, { tls, token: 'guess' }),
    channelTo(worker.endpoint, { tls }),
    channelTo(worker.endpoint, { tls: trusting(stranger.cert), token: 'secret' }),
  ]
  for (const channel of refused) {
    await expect(call(channel, 'echo', columns)).rejects.toMatchObject({ code: 'REMOTE_REFUSED' })
  }
  await expect(call(channelTo(worker.endpoint, { token: 'secret' }), 'echo', columns)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
  expect(calls).toBe(before + 1)
})

test('what is wrong with a token is said', async () => {
  const worker = await openWorker({ functions: [echo], token: 'secret' })
  await expect(call(channelTo(worker.endpoint), 'echo', columns)).rejects.toThrow(
    'the call needs a bearer token, and there is no one',
  )
  await expect(call(channelTo(worker.endpoint, { token: 'guess' }), 'echo', columns)).rejects.toThrow(
    'the call needs a bearer token, and it is another one',
  )
})

test('with an authority of clients only those call who have a certificate of it', async () => {
  const tls = { ...server, clientCa: authority.cert }
  const worker = await openWorker({ functions: [echo], tls })
  const friend = channelTo(worker.endpoint, {
    tls: trusting(authority.cert, certificates.signed('friend', authority)),
  })
  expect(await call(friend, 'echo', columns)).toEqual([{ result: ['a'] }])
  const before = calls
  const strangers = [
    channelTo(worker.endpoint, { tls: trusting(authority.cert, certificates.signed('other', stranger)) }),
    channelTo(worker.endpoint, { tls: trusting(authority.cert) }),
  ]
  for (const channel of strangers) {
    await expect(call(channel, 'echo', columns)).rejects.toMatchObject({
      code: expect.stringMatching(/REMOTE_REFUSED|UNAVAILABLE/),
    })
  }
  expect(calls).toBe(before)
})

test('files of TLS that are not there, or none, are named', async () => {
  const missing = { cert: '/no/cert.pem', key: server.key }
  await expect(openWorker({ functions: [echo], tls: missing })).rejects.toMatchObject({ code: 'IO_FAILED' })
  const swapped = { cert: server.key, key: server.cert }
  await expect(openWorker({ functions: [echo], tls: swapped })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  })
})
