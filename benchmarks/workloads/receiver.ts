import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'

/** A call that has come in. */
export interface Arrival {
  readonly caller: string
  /** Milliseconds by `performance.now`. */
  readonly at: number
}

/** What functions of other processes call over HTTP: it sees what really comes in, whatever the callers believe. */
export class Receiver {
  readonly arrivals: Arrival[] = []
  readonly #server: Server
  readonly #inFlight = new Map<string, number>()
  readonly #ready: ServerResponse[] = []
  readonly #listeners = new Set<() => void>()
  readonly #callers: number
  readonly #milliseconds: () => number
  #wantsMore = true
  #mostInFlight = 0

  private constructor(callers: number, milliseconds: () => number) {
    this.#callers = callers
    this.#milliseconds = milliseconds
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  /** `callers`: processes that start together; `milliseconds`: how long each call takes. */
  static async open(callers: number, milliseconds: () => number): Promise<Receiver> {
    const receiver = new Receiver(callers, milliseconds)
    // Connections are warm once and for all.
    receiver.#server.keepAliveTimeout = 0
    receiver.#server.listen(0, '127.0.0.1')
    await once(receiver.#server, 'listening')
    return receiver
  }

  get url(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the receiver is closed')
    return `http://127.0.0.1:${address.port}`
  }

  get mostInFlight(): number {
    return this.#mostInFlight
  }

  inFlight(caller: string): number {
    return this.#inFlight.get(caller) ?? 0
  }

  /** Calls of a caller so far. */
  calls(caller: string): number {
    return this.arrivals.filter((arrival) => arrival.caller === caller).length
  }

  /** Resolves as soon as the condition holds; it is asked whenever a call begins. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      const listener = (): void => {
        if (!holds()) return
        this.#listeners.delete(listener)
        resolve()
      }
      this.#listeners.add(listener)
    })
  }

  /** Callers that go on until they are told are told. */
  stop(): void {
    this.#wantsMore = false
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, path, caller = ''] = url.split('/')
    if (path === 'call') await this.#work(caller, response)
    else if (path === 'ready') this.#getReady(response)
    else response.end()
  }

  #getReady(response: ServerResponse): void {
    this.#ready.push(response)
    if (this.#ready.length < this.#callers) return
    for (const waiting of this.#ready.splice(0)) waiting.end()
  }

  async #work(caller: string, response: ServerResponse): Promise<void> {
    this.arrivals.push({ caller, at: performance.now() })
    this.#count(caller, 1)
    let isOver = false
    const end = (): void => {
      if (!isOver) this.#count(caller, -1)
      isOver = true
    }
    // A caller that is killed takes its calls with it.
    response.once('close', end)
    const milliseconds = this.#milliseconds()
    if (milliseconds > 0) await setTimeout(milliseconds)
    // Once it has the answer, the caller may call again before this process is told that the answer is gone.
    end()
    response.end(this.#wantsMore ? 'more' : 'enough')
  }

  #count(caller: string, change: 1 | -1): void {
    this.#inFlight.set(caller, this.inFlight(caller) + change)
    const all = [...this.#inFlight.values()].reduce((sum, calls) => sum + calls, 0)
    this.#mostInFlight = Math.max(this.#mostInFlight, all)
    if (change > 0) for (const listener of this.#listeners) listener()
  }
}
