import * as grpc from '@grpc/grpc-js'
import { afterEach, expect, it } from 'vitest'
import { createChannel } from '../../src/protocol/client.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

it('takes a worker without a health service as serving, but no service of its own by name', async () => {
  const server = new grpc.Server()
  closing.push(() => server.forceShutdown())
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  const channel = createChannel({ endpoint: `127.0.0.1:${port}`, tls: null, token: null })
  closing.push(() => channel.close())
  expect(await channel.isServing('', 10_000)).toBe(true)
  expect(await channel.isServing('embedder', 10_000)).toBe(false)
})
