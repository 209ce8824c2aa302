import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TransportSecurity } from '../../catalog/groups/scalingGroup.ts'
import { EngineError, isEngineError, messageOf } from '../base/errors.ts'
import { bearerOf, isSameSecret, readCertificates } from '../protocol/security.ts'
import type { LoadBoard } from './loadBoard.ts'
import { readLoadReport } from './readLoadReport.ts'

/** Bytes of a report: some hundred groups. */
const REPORT_BYTES_MAX = 16_384

const CONNECTIONS_MAX = 4_000

/** Milliseconds in which a request must have come. */
const REQUEST_MS_MAX = 5_000

export interface ReportServerOptions {
  /** `ca` asks those who report for a certificate of that authority. `cert` and `key` are needed. Null for HTTP. */
  readonly tls: TransportSecurity | null
  /** What they must send as bearer token; null for none. */
  readonly token: string | null
}

/** Takes reports of calls, `POST /load`, and answers `GET /load` with what all of them come to. */
export class ReportServer {
  readonly #board: LoadBoard
  readonly #bearer: string | null
  readonly #server: Server

  private constructor(board: LoadBoard, { tls, token }: ReportServerOptions) {
    this.#board = board
    this.#bearer = token === null ? null : bearerOf(token)
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#answer(request, response)
    const limits = { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX }
    this.#server =
      tls === null
        ? createServer(limits, answer)
        : createSecureServer({ ...limits, ...certificates(tls) }, answer)
    this.#server.maxConnections = CONNECTIONS_MAX
  }

  /** Listens; port 0 takes a free one. Throws IO_FAILED if it is taken, and CONFIG_INVALID for certificates. */
  static async open(
    board: LoadBoard,
    options: ReportServerOptions,
    { host, port }: { readonly host: string; readonly port: number },
  ): Promise<ReportServer> {
    const server = new ReportServer(board, options)
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (error) => {
        const message = `cannot take reports on ${host}:${port}: ${messageOf(error)}`
        reject(new EngineError('IO_FAILED', message, { hint: 'choose another port' }, error))
      })
      server.#server.listen(port, host, resolve)
    })
    return server
  }

  get port(): number {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [status, text] = await this.#serve(request).catch(refusal)
    const type = status === 200 ? 'application/json' : 'text/plain'
    // What is left of a body that is too long is not waited for.
    if (status === 413) response.setHeader('connection', 'close')
    if (status === 401) response.setHeader('www-authenticate', 'Bearer')
    response.writeHead(status, text === '' ? {} : { 'content-type': type })
    response.end(text === '' ? '' : `${text}\n`)
  }

  async #serve(request: IncomingMessage): Promise<Answer> {
    if (!this.#isKnown(request)) return [401, 'the token is missing or wrong']
    if (request.url !== '/load') return [404, 'POST /load and GET /load are all there is here']
    if (request.method === 'GET') return [200, JSON.stringify(this.#board.loads())]
    if (request.method !== 'POST') return [405, 'POST /load and GET /load are all there is here']
    const text = await readBody(request)
    if (text === null) return [413, `a report takes at most ${REPORT_BYTES_MAX} bytes`]
    this.#board.report(readLoadReport(text))
    return [204, '']
  }

  #isKnown({ headers }: IncomingMessage): boolean {
    return this.#bearer === null || isSameSecret(headers.authorization ?? '', this.#bearer)
  }
}

type Answer = readonly [status: number, text: string]

function refusal(error: unknown): Answer {
  if (!isEngineError(error)) return [500, messageOf(error)]
  return [error.code === 'RESOURCE_EXHAUSTED' ? 429 : 400, error.message]
}

/** Null for one that is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > REPORT_BYTES_MAX) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function certificates(tls: TransportSecurity): ServerOptions {
  const { ca, cert, key } = readCertificates(tls)
  if (cert === null || key === null) {
    throw new EngineError('CONFIG_INVALID', 'a server with tls needs a cert and a key')
  }
  return { cert, key, ...(ca === null ? {} : { ca, requestCert: true, rejectUnauthorized: true }) }
}
