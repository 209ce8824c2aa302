import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Meter } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { EngineError, messageOf } from '../base/errors.ts'

/** Answers `GET /metrics` with what its meter counts, in Prometheus' text format. */
export class PrometheusEndpoint {
  readonly meter: Meter
  readonly #exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  })
  readonly #provider: MeterProvider
  readonly #server: Server

  private constructor() {
    this.#provider = new MeterProvider({ readers: [this.#exporter] })
    this.meter = this.#provider.getMeter('callplane')
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  /** Listens; `port` 0 for any. Throws IO_FAILED for an address that is taken. */
  static async open(address: { readonly host: string; readonly port: number }): Promise<PrometheusEndpoint> {
    const endpoint = new PrometheusEndpoint()
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once('error', (error) => reject(cannotListen(address, error)))
      endpoint.#server.listen(address.port, address.host, resolve)
    })
    return endpoint
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
    await this.#provider.shutdown()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split('?', 1)[0]
    if (path === '/metrics' && request.method === 'GET') {
      this.#exporter.getMetricsRequestHandler(request, response)
      return
    }
    response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics is all there is here\n')
  }
}

function cannotListen(
  { host, port }: { readonly host: string; readonly port: number },
  error: Error,
): EngineError {
  const message = `cannot answer /metrics on ${host}:${port}: ${messageOf(error)}`
  return new EngineError('IO_FAILED', message, { hint: 'choose another port' }, error)
}
