import { decodeError, EngineError, messageOf } from '../../src/base/errors.ts'
import type { CallEvent, CallObserver } from '../callEvents.ts'
import type { NestedCall } from '../executor.ts'
import type { CallAnswer, ReportedEvents, WorkerMessage } from './taskMessages.ts'

interface Asked {
  readonly resolve: (values: readonly unknown[]) => void
  readonly reject: (error: EngineError) => void
}

/** A worker's line to the main thread, for what handlers report and ask for before their task is done. */
export class WorkerLink {
  /** Throws what the message cannot be sent for. */
  readonly send: (message: WorkerMessage) => void
  readonly #asked = new Map<number, Asked>()
  #calls = 0

  constructor(send: (message: WorkerMessage) => void) {
    this.send = send
  }

  /** Makes a call in the main thread on behalf of a task's handler. */
  call(task: number, call: NestedCall): Promise<readonly unknown[]> {
    const id = ++this.#calls
    return new Promise((resolve, reject) => {
      try {
        this.send({ kind: 'call', task, id, call })
        this.#asked.set(id, { resolve, reject })
      } catch (thrown) {
        const message = `function '${call.function}' got an argument that cannot be sent to another thread: ${messageOf(thrown)}`
        reject(new EngineError('WRONG_ARGUMENTS', message, { function: call.function }, thrown))
      }
    })
  }

  answered(answer: CallAnswer): void {
    const asked = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if ('error' in answer) asked?.reject(decodeError(answer.error))
    else asked?.resolve(answer.values)
  }
}

/** The events of one task in order: those of one turn of the event loop travel together, the last ones with the reply. */
export class TaskEvents {
  readonly #task: number
  readonly #link: WorkerLink
  #waiting: CallEvent[] = []
  #scheduled = false
  #messages = 0
  #ended = false

  constructor(task: number, link: WorkerLink) {
    this.#task = task
    this.#link = link
  }

  readonly observer: CallObserver = (_, event) => {
    if (this.#ended) return
    this.#waiting.push(event)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#flush()).unref()
  }

  /** What has not been sent; later events are nobody's. */
  end(): ReportedEvents {
    this.#ended = true
    return { events: this.#waiting, messages: this.#messages }
  }

  #flush(): void {
    this.#scheduled = false
    if (this.#ended) return
    this.#link.send({ kind: 'events', task: this.#task, events: this.#waiting })
    this.#waiting = []
    this.#messages++
  }
}
