import type { CallRequest } from '../../src/protocol/callChannel.ts'
import { type ChannelOptions, createChannel, type GrpcChannel } from '../../src/protocol/client.ts'
import { type CallHandler, GrpcServer, type ServerOptions } from '../../src/protocol/server.ts'

/** Something that closes by itself at the end of a test. */
type Closing<Value> = Value & AsyncDisposable

export function request(changes: Partial<CallRequest> = {}): CallRequest {
  return {
    name: 'f',
    payload: Buffer.from('payload'),
    headers: {},
    deadline: null,
    signal: new AbortController().signal,
    ...changes,
  }
}

export function channelTo(
  endpoint: string,
  options: Partial<ChannelOptions> = {},
): Closing<{ channel: GrpcChannel }> {
  const channel = createChannel({ endpoint, tls: null, token: null, ...options })
  return {
    channel,
    [Symbol.asyncDispose]: () => Promise.resolve(channel.close()),
  }
}

/** A server of ours on a free port. */
export async function serverOf(
  handler: CallHandler,
  options: Partial<ServerOptions> = {},
  prepare: (server: GrpcServer) => void = () => {},
): Promise<Closing<{ server: GrpcServer; endpoint: string }>> {
  const server = new GrpcServer({
    tls: null,
    token: null,
    maxConcurrentStreams: 100,
    maxRequestBytes: null,
    ...options,
  })
  server.serveCalls(handler)
  prepare(server)
  const port = await server.listen('127.0.0.1', 0)
  return {
    server,
    endpoint: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => Promise.resolve(server.close()),
  }
}

/** What a call or anything else fails with. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await work }
  } catch (error) {
    return error
  }
}
