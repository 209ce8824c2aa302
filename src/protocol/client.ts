import * as grpc from '@grpc/grpc-js'
import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import { EngineError, messageOf } from '../base/errors.ts'
import { BodyQueue } from './bodyQueue.ts'
import type { CallChannel, CallRequest } from './callChannel.ts'
import { checkServing } from './checkServing.ts'
import { type CallListener, cancelError, type RunningCall, startCall } from './clientCall.ts'
import {
  ANSWER_BYTES_MAX,
  FLOW_CONTROL_WINDOW_BYTES,
  MESSAGE_BYTES_MAX,
  MESSAGE_BYTES_MIN,
} from './limits.ts'
import { bearerOf, isLoopback, readCertificates } from './security.ts'

export interface ChannelOptions {
  /** `host:port`. */
  readonly endpoint: string
  /** Null for clear text. */
  readonly tls: TransportSecurity | null
  /** Sent as bearer token. Null for none. */
  readonly token: string | null
  /** Lets a token go to another machine in clear text. Default false: then such a channel is not made. */
  readonly insecure?: boolean
  /** When a connection with calls in flight is given up: after a ping was not answered. */
  readonly keepalive?: Keepalive
}

export interface Keepalive {
  /** Milliseconds from one ping to the next. Default 10,000. */
  readonly period: number
  /** Milliseconds that the answer may take. Default 5,000. */
  readonly timeout: number
}

const defaultKeepalive: Keepalive = { period: 10_000, timeout: 5000 }
const RECONNECT_MS_MIN = 50
const RECONNECT_MS_MAX = 1000

/** Makes a channel. PEM files are read at once. Throws CONFIG_INVALID and IO_FAILED. */
export function createChannel(options: ChannelOptions): GrpcChannel {
  return new GrpcChannel(options)
}

/** Calls over gRPC. It connects with its first call, and anew when it has to, with pauses of a second at most. */
export class GrpcChannel implements CallChannel {
  readonly endpoint: string
  readonly #client: grpc.Client
  readonly #token: string | null
  /** What ends each call and question in flight. */
  readonly #inFlight = new Set<() => void>()
  #closed = false

  constructor({ endpoint, tls, token, insecure = false, keepalive = defaultKeepalive }: ChannelOptions) {
    const host = hostOf(endpoint)
    if (token !== null && tls === null && !insecure && !isLoopback(host)) {
      throw new EngineError('CONFIG_INVALID', `the token for ${endpoint} would be sent in clear text`, {
        endpoint,
        hint: 'give the scaling group tls',
      })
    }
    this.endpoint = endpoint
    this.#token = token
    const credentials = tls === null ? grpc.credentials.createInsecure() : secureCredentials(tls)
    this.#client = new grpc.Client(endpoint, credentials, {
      'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
      'grpc.keepalive_time_ms': keepalive.period,
      'grpc.keepalive_timeout_ms': keepalive.timeout,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_MS_MIN,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MS_MAX,
      // Calls are attempted again by those who know whether they may be.
      'grpc.enable_retries': 0,
      'grpc.enable_channelz': 0,
      'grpc.service_config_disable_resolution': 1,
      // A channel that is closed closes its connection.
      'grpc.use_local_subchannel_pool': 1,
      ...(isLoopback(host) ? { 'grpc.enable_http_proxy': 0 } : {}),
      ...(tls === null || tls.serverName === null ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
    })
  }

  call(request: CallRequest): Promise<readonly Uint8Array[]> {
    return new Promise((resolve, reject) => {
      const bodies: Uint8Array[] = []
      let bytes = 0
      const body = (next: Uint8Array): void => {
        bytes += Math.max(next.length, MESSAGE_BYTES_MIN)
        if (bytes > ANSWER_BYTES_MAX) throw this.#answerTooLarge(request.name)
        bodies.push(next)
      }
      const ended = (error: unknown): void => (error === null ? resolve(bodies) : reject(error))
      this.#start(request, { body, ended })
    })
  }

  async *stream(request: CallRequest): AsyncGenerator<Uint8Array, void, undefined> {
    const bodies = new BodyQueue()
    const call = this.#start(request, {
      body: (body) => {
        call.pause()
        bodies.push(body)
      },
      ended: (error) => bodies.end(error),
    })
    const more = (): void => call.resume()
    try {
      for (let body = await bodies.next(more); body !== null; body = await bodies.next(more)) yield body
    } finally {
      if (!bodies.hasEnded) call.cancel(new EngineError('CANCELLED', 'the answer is not read on'))
    }
  }

  async isServing(service: string, timeoutMs: number): Promise<boolean> {
    if (this.#closed) return false
    // A worker that starts answers as soon as it listens.
    const headers = this.#headers({}, { waitForReady: true })
    const check = checkServing(this.#client, { service, timeoutMs, headers })
    this.#inFlight.add(check.cancel)
    const serving = await check.serving
    this.#inFlight.delete(check.cancel)
    return serving
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const end of this.#inFlight) end()
    this.#client.close()
  }

  #start(request: CallRequest, listener: CallListener): RunningCall {
    if (request.signal.aborted) throw cancelError(request.signal.reason)
    if (this.#closed) throw this.#closedError(request.name)
    const end = (): void => call.cancel(this.#closedError(request.name))
    const call = startCall(
      this.#client,
      { endpoint: this.endpoint, headers: this.#headers(request.headers) },
      request,
      {
        body: listener.body,
        ended: (error) => {
          this.#inFlight.delete(end)
          listener.ended(error)
        },
      },
    )
    this.#inFlight.add(end)
    return call
  }

  #headers(headers: CallRequest['headers'], options: grpc.MetadataOptions = {}): grpc.Metadata {
    const metadata = new grpc.Metadata(options)
    for (const [name, value] of Object.entries(headers)) {
      try {
        metadata.set(name, value)
      } catch (error) {
        const problem = `header '${name}' cannot be sent: names are lower-case, values are printable ASCII`
        throw new EngineError('WRONG_ARGUMENTS', problem, { endpoint: this.endpoint }, error)
      }
    }
    if (this.#token !== null) metadata.set('authorization', bearerOf(this.#token))
    return metadata
  }

  #closedError(name: string): EngineError {
    return new EngineError('UNAVAILABLE', `the channel to ${this.endpoint} is closed`, {
      function: name,
      endpoint: this.endpoint,
    })
  }

  #answerTooLarge(name: string): EngineError {
    const most = ANSWER_BYTES_MAX.toLocaleString('en')
    return new EngineError(
      'MESSAGE_TOO_LARGE',
      `worker ${this.endpoint} answers with more than ${most} bytes`,
      {
        function: name,
        endpoint: this.endpoint,
        hint: 'make batches of fewer rows: lower maxBatchingSize',
      },
    )
  }
}

function hostOf(endpoint: string): string {
  const found = /^(\[[0-9a-f:.]+\]|[^:/\s]+):(\d{1,5})$/i.exec(endpoint)?.[1]
  if (found !== undefined) return found
  throw new EngineError('CONFIG_INVALID', `'${endpoint}' is no endpoint`, {
    hint: 'write host:port, such as 10.0.0.7:8080',
  })
}

function secureCredentials(tls: TransportSecurity): grpc.ChannelCredentials {
  const { ca, key, cert } = readCertificates(tls)
  try {
    return grpc.credentials.createSsl(ca, key, cert)
  } catch (error) {
    throw new EngineError('CONFIG_INVALID', `tls cannot be used: ${messageOf(error)}`, {}, error)
  }
}
