import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { EngineError, messageOf } from '../../src/base/errors.ts'

/** Posts texts to one address, over a connection that is kept. */
export interface Post {
  /** Throws UNAVAILABLE where it is not reached in time, and REMOTE_REFUSED for any answer but that it was taken. */
  send(body: string, timeoutMs: number): Promise<void>
  close(): void
}

export interface PostOptions {
  readonly url: string
  readonly token: string | null
  readonly ca?: string | null
}

/** Throws CONFIG_INVALID for what is no URL of HTTP, and IO_FAILED for a file that cannot be read. */
export function openPost({ url, token, ca = null }: PostOptions): Post {
  const address = parseUrl(url)
  const secure = address.protocol === 'https:'
  const agent = secure
    ? new https.Agent({ keepAlive: true, ...(ca === null ? {} : { ca: readPem(ca) }) })
    : new http.Agent({ keepAlive: true })
  const headers = {
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  const request = secure ? https.request : http.request
  return {
    send: (body, timeoutMs) =>
      new Promise((resolve, reject) => {
        const signal = AbortSignal.timeout(timeoutMs)
        const lost = (error: Error): void => {
          const problem = signal.aborted ? `it did not answer within ${timeoutMs} ms` : messageOf(error)
          reject(new EngineError('UNAVAILABLE', `${address.host} is not reached: ${problem}`, {}, error))
        }
        const sent = request(address, { method: 'POST', agent, headers, signal }, (response) => {
          response.on('error', lost).on('end', () => {
            const { statusCode = 0 } = response
            if (statusCode === 204) resolve()
            else reject(new EngineError('REMOTE_REFUSED', `${address.host} answers ${statusCode}`))
          })
          response.resume()
        })
        sent.on('error', lost).end(body)
      }),
    close: () => agent.destroy(),
  }
}

function parseUrl(url: string): URL {
  const address = URL.canParse('/load', url) ? new URL('/load', url) : null
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address
  throw new EngineError('CONFIG_INVALID', `'${url}' is no address of a scaler`, {
    hint: 'write it as http://host:9091 or https://host:9091',
  })
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new EngineError('IO_FAILED', `cannot read ${path}: ${messageOf(error)}`, { path }, error)
  }
}
