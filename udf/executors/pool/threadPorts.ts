import type { MessagePort } from 'node:worker_threads'
import type { WorkerMessage, WorkerOrder } from '../taskMessages.ts'
import type { TaskServices } from '../taskServices.ts'
import { isGreeting } from './poolMessages.ts'

/** The lines to the threads of a pool, beside those of piscina. */
export class ThreadPorts {
  readonly #services: TaskServices
  /** Those of threads that have functions to shut down. */
  readonly #holders = new Set<MessagePort>()
  readonly #closing = new Map<MessagePort, () => void>()

  constructor(services: TaskServices) {
    this.#services = services
  }

  /** Takes the first message of a thread; others are none of ours. */
  greet(message: unknown): void {
    if (!isGreeting(message)) return
    const port = message.callplaneThread
    const post = (order: WorkerOrder): void => port.postMessage(order)
    port.on('message', (said: WorkerMessage) => {
      if (said.kind === 'holds') this.#holders.add(port)
      else if (said.kind === 'closed') this.#closing.get(port)?.()
      else this.#services.hear(said, post)
    })
    port.on('close', () => {
      this.#holders.delete(port)
      this.#closing.get(port)?.()
    })
    port.unref()
  }

  /** Lets threads shut their functions down; resolves when they have, or after so many milliseconds. */
  async close(patience: number): Promise<void> {
    const order: WorkerOrder = { kind: 'close', patience }
    const closed = [...this.#holders].map(
      (port) =>
        new Promise<void>((resolve) => {
          this.#closing.set(port, resolve)
          port.postMessage(order)
        }),
    )
    if (closed.length === 0) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience + GRACE_MS)
    })
    await Promise.race([Promise.all(closed), late])
    clearTimeout(timer)
  }
}

/** For the way there and back. */
const GRACE_MS = 100
