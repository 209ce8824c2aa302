import { loadFunction } from '../../catalog/loadModules.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import { nullColumn } from '../../src/arrow/columns.ts'
import { EngineError, encodeError } from '../../src/base/errors.ts'
import { untilAborted } from '../abort.ts'
import { type CallResult, type HandlerScope, succeeded } from '../executor.ts'
import { FunctionStates } from '../functionStates.ts'
import { invokeHandler } from '../invokeHandler.ts'
import { streamRow } from '../invokeStream.ts'
import { Limiter } from '../limiter.ts'
import type { inTrace } from '../traceCarrier.ts'
import type { CallTask, LoadableFunction, TaskReply } from './taskMessages.ts'
import { TaskEvents, type WorkerLink } from './workerLink.ts'

/** Is told where each task is, so that the one can be named that a worker is lost with. */
export interface TaskMarks {
  /** The task loads its function, or waits for its `onStartup`. */
  preparing(task: number): void
  /** Its handler is about to be called, as soon as the promise resolves. */
  working(task: number): void | Promise<void>
  /** The handler has returned, though perhaps a promise. */
  paused(task: number): void
  /** Stands in for the function that the task asks for. */
  instead?(registered: RegisteredFunction, task: CallTask): RegisteredFunction
}

interface LoadedFunction {
  readonly registered: RegisteredFunction
  readonly limiter: Limiter
}

/** What a handler is called with and for. */
interface PreparedCall {
  readonly task: CallTask
  readonly loaded: LoadedFunction
  readonly inTrace: typeof inTrace | null
}

/** Works on tasks in a worker: a thread of the pool, or a process. */
export class TaskRunner {
  readonly #link: WorkerLink
  readonly #marks: TaskMarks
  readonly #states: FunctionStates
  readonly #controllers = new Map<number, AbortController>()
  readonly #cancelledEarly = new Set<number>()
  readonly #loading = new Map<string, Promise<LoadedFunction>>()
  readonly #loaded = new Set<string>()
  #holds = false
  #closed = false

  constructor(link: WorkerLink, marks: TaskMarks) {
    this.#link = link
    this.#marks = marks
    this.#states = new FunctionStates((failure) => link.send({ kind: 'shutdownFailed', failure }))
  }

  /** Answers a task; errors are part of the answer, so that a worker whose tasks fail otherwise is lost. */
  run(task: CallTask): Promise<TaskReply> {
    return this.#answer(task, (scope) => this.#invoke(task, scope))
  }

  /**
   * Answers a task of a function that yields, with no rows: `give` gets each item, and resolves when the next one is wanted.
   */
  stream(task: CallTask, give: (item: unknown) => Promise<void>): Promise<TaskReply> {
    return this.#answer(task, async (scope) => {
      this.#marks.preparing(task.id)
      const { registered } = await this.#load(task)
      const leave = this.#states.enter()
      try {
        const preparing = this.#states.prepare(registered, scope)
        this.#tellHolds()
        for await (const item of streamRow(registered, task.batch, await preparing)) {
          await untilAborted(scope.signal, give(item))
        }
        return succeeded(nullColumn(registered.signature.output, 0))
      } finally {
        leave()
      }
    })
  }

  /** Loads a function before it is called; the call tells what it fails with. */
  load(fn: LoadableFunction): void {
    this.#load(fn).catch(() => undefined)
  }

  cancel(task: number): void {
    const controller = this.#controllers.get(task)
    if (controller === undefined) this.#cancelledEarly.add(task)
    else controller.abort()
  }

  /** Ends all tasks and shuts down the functions that keep state, within so many milliseconds. */
  async close(patience: number): Promise<void> {
    this.#closed = true
    for (const controller of this.#controllers.values()) controller.abort(closedError())
    await this.#states.close(patience)
  }

  async #answer(task: CallTask, work: (scope: HandlerScope) => Promise<CallResult>): Promise<TaskReply> {
    const controller = new AbortController()
    this.#controllers.set(task.id, controller)
    if (this.#cancelledEarly.delete(task.id)) controller.abort()
    if (this.#closed) controller.abort(closedError())
    const events = new TaskEvents(task.id, this.#link)
    const scope: HandlerScope = {
      ...task.context,
      signal: controller.signal,
      observer: events.observer,
      call: (call) => this.#link.call(task.id, call),
    }
    try {
      const { column, failures } = await work(scope)
      const encoded = failures.map(({ row, error }) => ({ row, error: encodeError(error) }))
      return { column, failures: encoded, ...events.end() }
    } catch (thrown) {
      return { error: encodeError(thrown), ...events.end() }
    } finally {
      this.#controllers.delete(task.id)
    }
  }

  async #invoke(task: CallTask, scope: HandlerScope): Promise<CallResult> {
    const loading = this.#load(task)
    if (!this.#loaded.has(keyOf(task))) this.#marks.preparing(task.id)
    const loaded = await loading
    // Workers that trace nothing need not load the tracing API.
    const inTrace = task.context.trace == null ? null : (await import('../traceCarrier.ts')).inTrace
    const { registered } = loaded
    scope.signal.throwIfAborted()
    if (!this.#states.isReady(registered)) this.#marks.preparing(task.id)
    const call = { task, loaded, inTrace }
    const result = this.#states.run(registered, scope, (prepared) => this.#call(call, prepared))
    this.#tellHolds()
    return result instanceof Promise ? untilAborted(scope.signal, result) : result
  }

  #call(call: PreparedCall, scope: HandlerScope): CallResult | Promise<CallResult> {
    const ready = this.#marks.working(call.task.id)
    return ready instanceof Promise
      ? ready.then(() => this.#callNow(call, scope))
      : this.#callNow(call, scope)
  }

  #callNow({ task, loaded, inTrace }: PreparedCall, scope: HandlerScope): CallResult | Promise<CallResult> {
    try {
      scope.signal.throwIfAborted()
      if (task.isTimed) this.#link.send({ kind: 'begun', task: task.id })
      const registered = this.#marks.instead?.(loaded.registered, task) ?? loaded.registered
      const begin = (): CallResult | Promise<CallResult> =>
        invokeHandler(registered, task.batch, scope, limiterOf(task, loaded))
      return inTrace === null ? begin() : inTrace(scope.trace, begin)
    } finally {
      this.#marks.paused(task.id)
    }
  }

  #load(fn: LoadableFunction): Promise<LoadedFunction> {
    const key = keyOf(fn)
    const known = this.#loading.get(key)
    if (known !== undefined) return known
    const loading = loadFunction(fn.module, fn.version).then((registered) => {
      this.#loaded.add(key)
      return { registered, limiter: new Limiter(fn.callsAtOnce) }
    })
    this.#loading.set(key, loading)
    return loading
  }

  #tellHolds(): void {
    if (this.#holds || !this.#states.hasShutdowns) return
    this.#holds = true
    this.#link.send({ kind: 'holds' })
  }
}

function keyOf({ module, version }: LoadableFunction): string {
  return `${version} ${module.exportName} ${module.url}`
}

/** A call of the same function that waits for this one would never make room for it. */
function limiterOf({ context, callsAtOnce }: CallTask, { registered, limiter }: LoadedFunction): Limiter {
  return context.chain?.includes(registered.signature.name) ? new Limiter(callsAtOnce) : limiter
}

function closedError(): EngineError {
  return new EngineError('SESSION_CLOSED', 'the worker is closed')
}
