import type { DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import type { CallSignal } from '../base/cancellation.ts'
import { EngineError } from '../base/errors.ts'
import type { CallMessage } from './wire.ts'

/** What a service is told of a call beside its message. */
export interface ServedCall {
  /** The headers that are text, by lower-case names; of one that is repeated, the last. */
  readonly headers: Readonly<Record<string, string>>
  /** Address and port of the caller. */
  readonly peer: string
  /** Milliseconds since 1970; null for any time. */
  readonly deadline: number | null
  /** Aborts when the caller goes away or cancels, when its deadline passes, and when the server is closed by force. */
  readonly signal: CallSignal
}

type Answer<Method extends DescMethod> = MessageInitShape<Method['output']>
type Asked<Method extends DescMethod> = MessageShape<Method['input']>

/** What serves a method: a promise for one answer, an iterable for several. Errors become statuses by `statusOfError`. */
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

/** Serves one call of a function: the answers' payloads, each sent as soon as it is there. */
export type CallHandler = (request: CallMessage, call: ServedCall) => AsyncIterable<Uint8Array>

export interface ServerOptions {
  /** `ca` asks clients for a certificate of that authority (mTLS). `cert` and `key` are needed. Null for clear text. */
  readonly tls: TransportSecurity | null
  /** What clients must send as bearer token; null for none. */
  readonly token: string | null
  /** Calls at once on one connection. */
  readonly maxConcurrentStreams: number
  /** Bytes of all requests that are read or worked on; calls beyond it are refused with RESOURCE_EXHAUSTED. Null for any. */
  readonly maxRequestBytes: number | null
}

export interface ServiceOptions {
  /** Whether calls need no token, as for health. Default false. */
  readonly open?: boolean
}

/** A gRPC server. */
export class GrpcServer {
  constructor(_options: ServerOptions) {}

  /** Serves `CallFunction` of the protocol's `RemoteCallService`. */
  serveCalls(_handler: CallHandler): void {
    throw new EngineError('INTERNAL', 'not yet')
  }

  /** Serves a generated service. */
  serve<Service extends DescService>(
    _service: Service,
    _handlers: ServiceHandlers<Service>,
    _options: ServiceOptions = {},
  ): void {
    throw new EngineError('INTERNAL', 'not yet')
  }

  /** Listens, and answers the port: `port` 0 takes a free one. Throws IO_FAILED if it is taken. */
  async listen(_host: string, _port: number): Promise<number> {
    throw new EngineError('INTERNAL', 'not yet')
  }

  /** Takes no more calls; resolves when those in flight are done, or cancelled after so many milliseconds. */
  async drain(_graceMs: number): Promise<void> {
    throw new EngineError('INTERNAL', 'not yet')
  }

  /** Cancels all calls and closes all connections at once. */
  close(): void {
    throw new EngineError('INTERNAL', 'not yet')
  }
}
