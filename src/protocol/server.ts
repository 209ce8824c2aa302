import { EventEmitter } from 'node:events'
import type { ServerHttp2Session } from 'node:http2'
import { setTimeout } from 'node:timers/promises'
import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import * as grpc from '@grpc/grpc-js'
import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import { EngineError, messageOf } from '../base/errors.ts'
import { FLOW_CONTROL_WINDOW_BYTES, MESSAGE_BYTES_MAX } from './limits.ts'
import { RequestMemory, readCall } from './requestMemory.ts'
import { bearerOf, isSameSecret, readCertificates } from './security.ts'
import { type MessageStream, OpenCalls, onlyMessage, type ServedCall } from './servedCall.ts'
import { type CallMessage, encodeCallResponse } from './wire.ts'

export type { ServedCall } from './servedCall.ts'

type Answer<Method extends DescMethod> = MessageInitShape<Method['output']>
type Asked<Method extends DescMethod> = MessageShape<Method['input']>

/** What serves a method: a promise for one answer, an iterable for several. What it throws becomes a status. */
export type MethodHandler<Method extends DescMethod> = Method['methodKind'] extends 'unary'
  ? (request: Asked<Method>, call: ServedCall) => Promise<Answer<Method>>
  : Method['methodKind'] extends 'server_streaming'
    ? (request: Asked<Method>, call: ServedCall) => AsyncIterable<Answer<Method>>
    : Method['methodKind'] extends 'client_streaming'
      ? (requests: AsyncIterable<Asked<Method>>, call: ServedCall) => Promise<Answer<Method>>
      : (requests: AsyncIterable<Asked<Method>>, call: ServedCall) => AsyncIterable<Answer<Method>>

/** A handler for each method of a generated service; those left out answer UNIMPLEMENTED. */
export type ServiceHandlers<Service extends Pick<DescService, 'typeName'> & { readonly method: object }> = {
  readonly [Name in keyof Service['method']]?: Service['method'][Name] extends DescMethod
    ? MethodHandler<Service['method'][Name]>
    : never
}

/** Serves one call of a function: the payloads of its answer, each sent as soon as it is there. */
export type CallHandler = (request: CallMessage, call: ServedCall) => AsyncIterable<Uint8Array>

export interface ServerOptions {
  /** `cert` and `key` are needed; with `ca`, clients need a certificate of that authority (mTLS). Null for clear text. */
  readonly tls: TransportSecurity | null
  /** What clients must send as bearer token; null for none. */
  readonly token: string | null
  /** Calls at once on one connection; more wait at the client. */
  readonly maxConcurrentStreams: number
  /** Bytes of all requests that are read or worked on; calls beyond it fail with RESOURCE_EXHAUSTED. Null for any number. */
  readonly maxRequestBytes: number | null
}

export interface ServiceOptions {
  /** Whether calls need no token, as for health. Default false. */
  readonly open?: boolean
}

const CALL_PATH = '/chalk.runtime.v1.RemoteCallService/CallFunction'
const KEEPALIVE_MS = 60_000
/** For the last words of calls that were ended. */
const GOODBYE_MS = 500

/** A gRPC server. Nothing is read of a call that brings no token, or a wrong one. */
export class GrpcServer {
  readonly #server: grpc.Server
  readonly #credentials: grpc.ServerCredentials
  readonly #bearer: string | null
  readonly #memory: RequestMemory
  readonly #calls = new OpenCalls()

  /** PEM files are read at once. Throws CONFIG_INVALID and IO_FAILED. */
  constructor({ tls, token, maxConcurrentStreams, maxRequestBytes }: ServerOptions) {
    this.#credentials = tls === null ? grpc.ServerCredentials.createInsecure() : secureCredentials(tls)
    this.#bearer = token === null ? null : bearerOf(token)
    this.#memory = new RequestMemory(maxRequestBytes)
    this.#server = new grpc.Server({
      'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_concurrent_streams': maxConcurrentStreams,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.enable_channelz': 0,
    })
  }

  /** Serves `CallFunction` of the protocol's `RemoteCallService`. */
  serveCalls(handler: CallHandler): void {
    const memory = this.#memory
    this.#register(
      CALL_PATH,
      async function* (stream, call) {
        const { request, release } = await readCall(stream, memory)
        try {
          for await (const payload of handler(request, call)) yield encodeCallResponse(payload)
        } finally {
          release()
        }
      },
      {},
    )
  }

  /** Serves a generated service. */
  serve<Service extends DescService>(
    service: Service,
    handlers: ServiceHandlers<Service>,
    options: ServiceOptions = {},
  ): void {
    for (const method of service.methods) {
      const handler: unknown = Reflect.get(handlers, method.localName)
      if (!isHandler(handler)) continue
      this.#register(`/${service.typeName}/${method.name}`, serveMethod(method, handler), options)
    }
  }

  /** Listens, and answers the port: 0 takes a free one. Throws IO_FAILED where it is taken, or not permitted. */
  async listen(host: string, port: number): Promise<number> {
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, this.#credentials, (error, bound) => {
        if (error !== null) {
          reject(new EngineError('IO_FAILED', `cannot listen on ${address}: ${messageOf(error)}`, {}, error))
          return
        }
        widenWindows(this.#server)
        resolve(bound)
      })
    })
  }

  /** Takes no more calls; resolves when those in flight are done, or were ended after so many milliseconds. */
  async drain(graceMs: number): Promise<void> {
    const shut = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()))
    if (await isDoneWithin(shut, graceMs)) return
    this.#calls.endAll()
    if (!(await isDoneWithin(shut, GOODBYE_MS))) this.#server.forceShutdown()
  }

  /** Ends all calls and closes all connections at once. */
  close(): void {
    this.#calls.endAll()
    this.#server.forceShutdown()
  }

  #register(path: string, answer: Answering, { open = false }: ServiceOptions): void {
    const bearer = open ? null : this.#bearer
    // Methods of all kinds are served as streams: a handler is then called before anything is read.
    const handle = (stream: MessageStream): void => {
      void this.#calls.answer(stream, (call) => {
        if (bearer !== null && !isSameSecret(call.headers['authorization'] ?? '', bearer)) {
          const given = call.headers['authorization'] === undefined ? 'there is no' : 'it is another'
          throw new EngineError('REMOTE_REFUSED', `the call needs a bearer token, and ${given} one`)
        }
        return answer(stream, call)
      })
    }
    this.#server.register(path, handle, asItIs, asItIs, 'bidi')
  }
}

type Answering = (stream: MessageStream, call: ServedCall) => AsyncIterable<Buffer>
type Given = Record<string, unknown>
type AnyHandler = (request: unknown, call: ServedCall) => Promise<Given> | AsyncIterable<Given>

async function isDoneWithin(done: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController()
  const late = setTimeout(ms, false, { signal: timer.signal }).catch(() => false)
  const isDone = await Promise.race([done.then(() => true), late])
  timer.abort()
  return isDone
}

function asItIs(message: Buffer): Buffer {
  return message
}

/** The types of `serve` say the rest. */
function isHandler(value: unknown): value is AnyHandler {
  return typeof value === 'function'
}

/** A method of any kind, from bytes to bytes. */
function serveMethod(method: DescMethod, handler: AnyHandler): Answering {
  const { input, output, methodKind } = method
  const encode = (answer: Given): Buffer => Buffer.from(toBinary(output, create(output, answer)))
  async function* requests(stream: MessageStream): AsyncGenerator<unknown, void, undefined> {
    for await (const message of stream.iterator({ destroyOnReturn: false })) yield fromBinary(input, message)
  }
  return async function* (stream, call) {
    const single = methodKind === 'unary' || methodKind === 'server_streaming'
    const answer = handler(single ? await onlyMessage(requests(stream)) : requests(stream), call)
    if (Symbol.asyncIterator in answer) for await (const each of answer) yield encode(each)
    else yield encode(await answer)
  }
}

function secureCredentials(tls: TransportSecurity): grpc.ServerCredentials {
  const { ca, cert, key } = readCertificates(tls)
  if (cert === null || key === null) {
    throw new EngineError('CONFIG_INVALID', 'a server with tls needs a cert and a key')
  }
  try {
    return grpc.ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], ca !== null)
  } catch (error) {
    throw new EngineError('CONFIG_INVALID', `tls cannot be used: ${messageOf(error)}`, {}, error)
  }
}

/** grpc-js has no option for it at servers, where a batch would be taken in pieces of 64 KiB. For connections to come. */
function widenWindows(server: grpc.Server): void {
  const servers: unknown = Reflect.get(server, 'http2Servers')
  if (!(servers instanceof Map)) return
  for (const listening of servers.keys()) {
    if (!(listening instanceof EventEmitter)) continue
    listening.on('session', (session: ServerHttp2Session) => {
      session.settings({ initialWindowSize: FLOW_CONTROL_WINDOW_BYTES })
      session.setLocalWindowSize(FLOW_CONTROL_WINDOW_BYTES)
    })
  }
}
