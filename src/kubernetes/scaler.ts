import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import { type Clock, systemClock } from '../../udf/clock.ts'
import { REPORT_MS } from '../../udf/scaling/loadReport.ts'
import { EngineError } from '../base/errors.ts'
import { ExternalScaler } from '../protocol/generated/externalscaler_pb.ts'
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../protocol/generated/grpc/health/v1/health_pb.ts'
import { isLoopback } from '../protocol/security.ts'
import { GrpcServer } from '../protocol/server.ts'
import { kedaScaler } from './kedaScaler.ts'
import { LoadBoard } from './loadBoard.ts'
import { ReportServer } from './reportServer.ts'

/** Streams of one connection: KEDA keeps one for each group, beside its questions. */
const STREAMS_MAX = 2_000

/** Bytes of KEDA's questions that are read at once. */
const REQUEST_BYTES_MAX = 4 * 1024 * 1024

export interface ScalerOptions {
  /** Default: 127.0.0.1. Another one than of this machine needs `tls` and `token`, or `insecure`. */
  readonly host?: string
  /** For KEDA. Default: 9090; 0 for any. */
  readonly port?: number
  /** For processes that report their calls. Default: 9091; 0 for any. */
  readonly reportPort?: number
  /** Of both ports. `ca` asks callers for certificates of that authority. Default: none. */
  readonly tls?: TransportSecurity | null
  /** What processes must send that report; KEDA sends none. Default: none. */
  readonly token?: string | null
  /** Lets anybody ask and report who reaches the address. */
  readonly insecure?: boolean
  readonly clock?: Pick<Clock, 'now'>
}

/** Tells KEDA what the processes that call groups tell it: how many calls are in flight, and how many wait. */
export class Scaler {
  readonly host: string
  readonly port: number
  readonly #reports: ReportServer
  readonly #server: GrpcServer
  readonly #timer: NodeJS.Timeout

  private constructor(
    { host, port }: { readonly host: string; readonly port: number },
    parts: { readonly board: LoadBoard; readonly reports: ReportServer; readonly server: GrpcServer },
  ) {
    this.host = host
    this.port = port
    this.#reports = parts.reports
    this.#server = parts.server
    this.#timer = setInterval(() => parts.board.expire(), REPORT_MS).unref()
  }

  /** Listens. Throws CONFIG_INVALID for an address that strangers reach, and IO_FAILED for a port that is taken. */
  static async open(options: ScalerOptions = {}): Promise<Scaler> {
    const { host = '127.0.0.1', port = 9090, reportPort = 9091, tls = null, token = null } = options
    if (options.insecure !== true) checkReach({ host, tls, token })
    const board = new LoadBoard(options.clock ?? systemClock)
    const server = new GrpcServer({
      tls,
      token: null,
      maxConcurrentStreams: STREAMS_MAX,
      maxRequestBytes: REQUEST_BYTES_MAX,
    })
    server.serve(ExternalScaler, kedaScaler(board))
    server.serve(Health, { check: async () => ({ status: Status.SERVING }) })
    const reports = await ReportServer.open(board, { tls, token }, { host, port: reportPort })
    try {
      const bound = await server.listen(host, port)
      return new Scaler({ host, port: bound }, { board, reports, server })
    } catch (error) {
      server.close()
      await reports.close()
      throw error
    }
  }

  get reportPort(): number {
    return this.#reports.port
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#server.close()
    await this.#reports.close()
  }
}

function checkReach({ host, tls, token }: Required<Pick<ScalerOptions, 'host' | 'tls' | 'token'>>): void {
  if (isLoopback(host) || (tls !== null && token !== null)) return
  const missing = [...(tls === null ? ['TLS'] : []), ...(token === null ? ['a token'] : [])].join(' and ')
  throw new EngineError(
    'CONFIG_INVALID',
    `a scaler that listens on ${host} needs ${missing}: whoever reaches it could start replicas`,
    {
      hint: 'give it a certificate, its key and a token, let it listen on 127.0.0.1, or say that it may be insecure',
    },
  )
}
