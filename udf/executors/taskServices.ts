import type { FunctionSignature } from '../../catalog/function.ts'
import { EngineError, encodeError } from '../../src/base/errors.ts'
import { type CallEvent, type CallObserver, unobserved } from '../callEvents.ts'
import type { InvokeContext, NestedCall } from '../executor.ts'
import type { ShutdownFailure } from '../functionStates.ts'
import { reportShutdown } from '../reportShutdown.ts'
import type { CallAnswer, ReportedEvents, WorkerMessage, WorkerOrder } from './taskMessages.ts'

interface ServedTask {
  readonly signature: FunctionSignature
  readonly context: InvokeContext
  messages: number
  /** Called at each message of events. */
  arrived: () => void
}

/** Hears what workers report while they work on tasks, and makes the calls that they ask for. */
export class TaskServices {
  readonly #tasks = new Map<number, ServedTask>()
  /** Of the last call of each function that keeps state: its shutdown is no call's. */
  readonly #observers = new Map<string, CallObserver>()

  begin(id: number, signature: FunctionSignature, context: InvokeContext): void {
    this.#tasks.set(id, { signature, context, messages: 0, arrived: () => {} })
    if (signature.stateful) this.#observers.set(signature.name, context.observer)
  }

  /** Resolves when all that the task reported has been told, in order. */
  async told(id: number, { events, messages }: ReportedEvents): Promise<void> {
    const task = this.#tasks.get(id)
    if (task === undefined) return
    while (task.messages < messages) {
      // They may come on a line of their own, and be later than the reply.
      await new Promise<void>((resolve) => {
        task.arrived = resolve
      })
    }
    tell(task, events)
  }

  end(id: number): void {
    this.#tasks.delete(id)
  }

  /** Takes what a worker says; `post` answers it. */
  hear(message: WorkerMessage, post: (order: WorkerOrder) => void): void {
    switch (message.kind) {
      case 'call':
        return void this.#answer(message, post)
      case 'begun':
        return this.#tasks.get(message.task)?.context.timer?.start()
      case 'events':
        return this.#told(message.task, message.events)
      case 'shutdownFailed':
        return this.#shutdownFailed(message.failure)
      case 'holds':
      case 'closed':
        return
    }
  }

  #told(id: number, events: readonly CallEvent[]): void {
    const task = this.#tasks.get(id)
    if (task === undefined) return
    task.messages++
    tell(task, events)
    task.arrived()
  }

  #shutdownFailed(failure: ShutdownFailure): void {
    reportShutdown(failure, this.#observers.get(failure.function) ?? unobserved)
  }

  async #answer(
    { task, id, call }: { readonly task: number; readonly id: number; readonly call: NestedCall },
    post: (order: WorkerOrder) => void,
  ): Promise<void> {
    let answer: CallAnswer
    try {
      answer = { id, values: await callFor(this.#tasks.get(task), call) }
    } catch (error) {
      answer = { id, error: encodeError(error) }
    }
    post({ kind: 'answer', ...answer })
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
