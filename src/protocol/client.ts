import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import { EngineError } from '../base/errors.ts'
import type { CallChannel, CallRequest } from './callChannel.ts'

export interface ChannelOptions {
  /** `host:port`. */
  readonly endpoint: string
  /** Null for clear text. */
  readonly tls: TransportSecurity | null
  /** Sent as bearer token. Null for none. */
  readonly token: string | null
  /** Lets a token go over clear text to another machine. Default false: then such a channel is not made. */
  readonly insecure?: boolean
  /** When a connection with calls in flight is given up: after a ping was not answered. */
  readonly keepalive?: Keepalive
}

export interface Keepalive {
  /** Milliseconds from one ping to the next. Default 10,000. */
  readonly period: number
  /** Milliseconds that the answer may take. Default 10,000. */
  readonly timeout: number
}

/** Makes a channel. PEM files are read at once. Throws CONFIG_INVALID and IO_FAILED. */
export function createChannel(options: ChannelOptions): GrpcChannel {
  return new GrpcChannel(options)
}

/** Calls over gRPC. It connects with its first call and connects anew, with pauses of a second at most, when it has to. */
export class GrpcChannel implements CallChannel {
  readonly endpoint: string

  constructor({ endpoint }: ChannelOptions) {
    this.endpoint = endpoint
  }

  async call(_request: CallRequest): Promise<readonly Uint8Array[]> {
    throw new EngineError('INTERNAL', 'not yet')
  }

  // biome-ignore lint: a skeleton
  async *stream(_request: CallRequest): AsyncGenerator<Uint8Array, void, undefined> {
    throw new EngineError('INTERNAL', 'not yet')
  }

  async isServing(_service: string, _timeoutMs: number): Promise<boolean> {
    return false
  }

  close(): void {}
}
