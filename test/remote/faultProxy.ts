import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Random } from '../../udf/clock.ts'

/** What happens to the bytes that a proxy carries, in both directions. */
export type Fault =
  | { readonly kind: 'none' }
  /** Each piece comes later. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** The connection ends after so many bytes of answers. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Nothing comes through any more, and nobody is told. */
  | { readonly kind: 'halfOpen' }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** One bit of about every so many bytes is another. */
  | { readonly kind: 'corrupt'; readonly everyBytes: number; readonly random: Random }

/** Stands before a worker, and spoils the connections to it as a test says. */
export class FaultProxy {
  /** Holds for the bytes that come from now on. */
  fault: Fault = { kind: 'none' }
  readonly endpoint: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #target: string
  /** Connections that were made. */
  connections = 0

  private constructor(server: Server, target: string) {
    this.#server = server
    this.#target = target
    const address = server.address()
    this.endpoint = `127.0.0.1:${typeof address === 'object' ? address?.port : address}`
    server.on('connection', (client) => this.#carry(client))
  }

  /** On a free port of this machine, before the worker at `host:port`. */
  static async open(target: string): Promise<FaultProxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FaultProxy(server, target)
  }

  /** Ends the connections that there are. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.disconnect()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  #carry(client: Socket): void {
    this.connections++
    const [host = '', port] = this.#target.split(':')
    const worker = connect(Number(port), host)
    const end = (): void => {
      client.destroy()
      worker.destroy()
      this.#sockets.delete(client)
      this.#sockets.delete(worker)
    }
    for (const socket of [client, worker]) {
      this.#sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
    void this.#forward(client, worker, false).finally(end)
    void this.#forward(worker, client, true).finally(end)
  }

  async #forward(from: Socket, to: Socket, isAnswer: boolean): Promise<void> {
    let bytes = 0
    try {
      for await (const chunk of from) {
        const carried = await this.#spoil(Buffer.from(chunk as Uint8Array))
        if (carried === null) continue
        const { fault } = this
        bytes += carried.length
        if (fault.kind === 'cut' && isAnswer && bytes >= fault.afterBytes) {
          to.write(carried.subarray(0, Math.max(0, carried.length - (bytes - fault.afterBytes))))
          return
        }
        if (!to.write(carried)) await Promise.race([once(to, 'drain'), once(to, 'close')])
      }
    } catch {
      // The other side is told by the end of its own connection.
    }
  }

  /** Null for what does not arrive. */
  async #spoil(chunk: Buffer): Promise<Buffer | null> {
    const { fault } = this
    switch (fault.kind) {
      case 'none':
      case 'cut':
        return chunk
      case 'halfOpen':
        return null
      case 'delay':
        await setTimeout(fault.milliseconds)
        return chunk
      case 'throttle':
        await setTimeout((chunk.length / fault.bytesPerSecond) * 1000)
        return chunk
      case 'corrupt': {
        const { random, everyBytes } = fault
        let at = Math.floor(random() * 2 * everyBytes)
        for (; at < chunk.length; at += 1 + Math.floor(random() * 2 * everyBytes)) {
          chunk[at]! ^= 1 << Math.floor(random() * 8)
        }
        return chunk
      }
    }
  }
}
