import type { MessagePort } from 'node:worker_threads'
import type { FunctionSignature } from '../../../catalog/function.ts'
import { EngineError, encodeError } from '../../../src/base/errors.ts'
import type { CallEvent } from '../../callEvents.ts'
import type { InvokeContext, NestedCall } from '../../executor.ts'
import type { CallAnswer, ReportedEvents, ThreadGreeting, ThreadMessage } from './poolMessages.ts'

interface ServedTask {
  readonly signature: FunctionSignature
  readonly context: InvokeContext
  messages: number
  /** Called at each message of events. */
  arrived: () => void
}

/** Hears what threads report while they work on tasks, and makes the calls that they ask for. */
export class TaskServices {
  readonly #tasks = new Map<number, ServedTask>()

  begin(id: number, signature: FunctionSignature, context: InvokeContext): void {
    this.#tasks.set(id, { signature, context, messages: 0, arrived: () => {} })
  }

  /** Resolves when all that the task reported has been told, in order. */
  async told(id: number, { events, messages }: ReportedEvents): Promise<void> {
    const task = this.#tasks.get(id)
    if (task === undefined) return
    while (task.messages < messages) {
      // They come on a line of their own, and may be later than the reply.
      await new Promise<void>((resolve) => {
        task.arrived = resolve
      })
    }
    tell(task, events)
  }

  end(id: number): void {
    this.#tasks.delete(id)
  }

  /** Takes the first message of a thread; others are none of ours. */
  greet(message: unknown): void {
    if (!isGreeting(message)) return
    const port = message.callplaneThread
    port.on('message', (said: ThreadMessage) => this.#hear(said, port))
    port.unref()
  }

  #hear(message: ThreadMessage, port: MessagePort): void {
    const task = this.#tasks.get(message.task)
    if (message.kind === 'call') void this.#answer(task, message, port)
    else if (message.kind === 'begun') task?.context.timer?.start()
    else if (task !== undefined) {
      task.messages++
      tell(task, message.events)
      task.arrived()
    }
  }

  async #answer(
    task: ServedTask | undefined,
    { id, call }: { readonly id: number; readonly call: NestedCall },
    port: MessagePort,
  ): Promise<void> {
    let answer: CallAnswer
    try {
      answer = { id, values: await callFor(task, call) }
    } catch (error) {
      answer = { id, error: encodeError(error) }
    }
    port.postMessage(answer)
  }
}

async function callFor(task: ServedTask | undefined, call: NestedCall): Promise<readonly unknown[]> {
  const { caller } = task?.context ?? {}
  if (task === undefined || caller === undefined) {
    throw new EngineError('CANCELLED', `function '${call.function}' was called by a handler that is done`, {
      function: call.function,
    })
  }
  return caller(call, task.context)
}

function tell({ signature, context }: ServedTask, events: readonly CallEvent[]): void {
  const called = { function: signature.name, version: signature.version }
  for (const event of events) context.observer(called, event)
}

function isGreeting(message: unknown): message is ThreadGreeting {
  return typeof message === 'object' && message !== null && 'callplaneThread' in message
}
