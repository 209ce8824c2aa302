import { once } from 'node:events'
import { createServer, type Http2Server, type OutgoingHttpHeaders } from 'node:http2'

/** What a worker answers, to the byte. */
export interface RawAnswer {
  readonly messages?: readonly Uint8Array[]
  /** As they stand on the wire; null for a stream that just ends. */
  readonly trailers: OutgoingHttpHeaders | null
}

/** A worker of somebody else's, which answers what a test says. It stops by itself at the end of the test. */
export interface RawWorker extends AsyncDisposable {
  readonly endpoint: string
  answer: RawAnswer
}

export async function rawWorker(): Promise<RawWorker> {
  const server = createServer()
  const sessions = new Set<{ destroy: () => void }>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
  })
  const worker: RawWorker = {
    endpoint: `127.0.0.1:${await listen(server)}`,
    answer: { trailers: { 'grpc-status': '0' } },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
  server.on('stream', (stream) => {
    const { messages = [], trailers } = worker.answer
    stream.on('error', () => {})
    stream.resume()
    stream.on('end', () => {
      const head = { ':status': 200, 'content-type': 'application/grpc' }
      if (messages.length === 0 && trailers !== null) {
        stream.respond({ ...head, ...trailers }, { endStream: true })
        return
      }
      stream.respond(head, { waitForTrailers: trailers !== null })
      stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}))
      for (const message of messages) stream.write(framed(message))
      stream.end()
    })
  })
  return worker
}

async function listen(server: Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}
