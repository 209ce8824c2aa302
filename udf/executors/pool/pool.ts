import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { Piscina, type PiscinaTask, queueOptionsSymbol } from 'piscina'
import type { FunctionSignature } from '../../../catalog/function.ts'
import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import { type Batch, transferables } from '../../../src/arrow/column.ts'
import { onAbort } from '../../../src/base/cancellation.ts'
import { EngineError, isEngineError, messageOf } from '../../../src/base/errors.ts'
import { cancelledError, untilAborted } from '../../abort.ts'
import type { CallResult, Executor, InvokeContext } from '../../executor.ts'
import {
  type CallTask,
  callsAtOnce,
  resultOf,
  sentContext,
  type TaskReply,
  tasksInFlight,
} from '../taskMessages.ts'
import { TaskServices } from '../taskServices.ts'
import type { CancelMessage, PoolThreadData } from './poolMessages.ts'
import { ThreadPorts } from './threadPorts.ts'
import { createStatus, taskOf } from './threadStatus.ts'

/** How long a thread may leave a cancellation unanswered before it is ended. */
const CANCEL_MS_MAX = 250
/** What all functions have together to shut down. */
const SHUTDOWN_MS_MAX = 800
/** The dispatcher's limits are the ones that count: a thread must take whatever it is sent. */
const TASKS_PER_THREAD_MAX = 100_000

/** Where a task is, as the load balancer and cancellation see it. */
class TaskState {
  readonly id: number
  /** Id of its thread; 0 while it waits for one. */
  thread = 0
  cancelled = false
  settled = false

  constructor(id: number) {
    this.id = id
  }
}

let pools = 0

/** Runs the functions of modules in threads; buffers are transferred there and back. */
export class PoolExecutor implements Executor {
  readonly name = 'pool'
  readonly threads: number
  readonly #status = createStatus()
  readonly #services = new TaskServices()
  readonly #ports = new ThreadPorts(this.#services)
  readonly #channelName = `callplane-pool-${process.pid}-${pools++}`
  /** Cancelled tasks whose threads were told. */
  readonly #unanswered = new Set<TaskState>()
  #channel: BroadcastChannel | null = null
  #pool: Piscina<CallTask, TaskReply> | null = null
  #tasks = 0
  #closed = false

  /** `threads`: by default as many as the machine runs at once. They start with the first batch. */
  constructor(threads: number = availableParallelism()) {
    this.threads = threads
  }

  concurrencyOf(signature: FunctionSignature, rowByRow: boolean): number {
    return tasksInFlight(signature, rowByRow, this.threads)
  }

  async open(): Promise<void> {
    this.#start()
  }

  async invoke({ signature }: RegisteredFunction, batch: Batch, context: InvokeContext): Promise<CallResult> {
    const { name, version, module } = signature
    if (module === null) {
      throw new EngineError(
        'INTERNAL',
        `function '${name}' (version ${version}) is in no module that a thread could load`,
      )
    }
    if (context.signal.aborted) throw cancelledError(signature, context)
    const { signal } = context
    const state = new TaskState(++this.#tasks)
    const task: CallTask = {
      id: state.id,
      module,
      version,
      batch,
      context: sentContext(context),
      callsAtOnce: callsAtOnce(signature, this.threads),
      isTimed: context.timer !== undefined,
    }
    const stopListening = onAbort(signal, () => this.#cancel(state))
    this.#services.begin(state.id, signature, context)
    try {
      const reply = await untilAborted(signal, this.#run(task, state, context))
      return resultOf(reply)
    } catch (thrown) {
      if (signal.aborted) throw cancelledError(signature, context)
      throw isEngineError(thrown) ? thrown : this.#lost(signature, context, thrown)
    } finally {
      stopListening()
      this.#services.end(state.id)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#ports.close(SHUTDOWN_MS_MAX)
    this.#channel?.close()
    await this.#pool?.destroy()
  }

  #start(): Piscina<CallTask, TaskReply> {
    if (this.#closed) throw closedError()
    if (this.#pool !== null) return this.#pool
    const data: PoolThreadData = { channel: this.#channelName, status: this.#status }
    this.#channel = new BroadcastChannel(this.#channelName)
    this.#channel.unref()
    this.#pool = new Piscina({
      filename: fileURLToPath(new URL('./poolThread.js', import.meta.url)),
      name: 'runTask',
      minThreads: this.threads,
      maxThreads: this.threads,
      concurrentTasksPerWorker: TASKS_PER_THREAD_MAX,
      workerData: data,
      loadBalancer: (task, workers) => this.#place(task, workers),
      // With atomics a thread without a task sleeps, and with it the sockets and timers that functions keep.
      atomics: 'disabled',
      recordTiming: false,
    })
    // A thread that dies without a task has failed no call, and is replaced.
    this.#pool.on('error', () => undefined)
    this.#pool.on('message', (message: unknown) => this.#ports.greet(message))
    return this.#pool
  }

  async #run(task: CallTask, state: TaskState, { keepsInput, timer }: InvokeContext): Promise<TaskReply> {
    const pool = this.#start()
    const placed = Object.assign({ [queueOptionsSymbol]: state }, task)
    try {
      const transferList = keepsInput ? [] : transferables(task.batch.columns)
      timer?.pause()
      let reply = await this.#attempt(pool, placed, state, transferList)
      while (reply === 'lost for another') {
        if (!keepsInput) throw new Error('another call ended it')
        state.thread = 0
        timer?.pause()
        reply = await this.#attempt(pool, placed, state, transferList)
      }
      state.settled = true
      await this.#services.told(task.id, reply)
      return reply
    } finally {
      state.settled = true
    }
  }

  /** A thread that ends takes along the tasks that wait in it for the one that ended it. */
  async #attempt(
    pool: Piscina<CallTask, TaskReply>,
    task: CallTask,
    state: TaskState,
    transferList: ReturnType<typeof transferables>,
  ): Promise<TaskReply | 'lost for another'> {
    try {
      return await pool.run(task, { transferList })
    } catch (thrown) {
      const culprit = taskOf(this.#status, state.thread)
      if (culprit === 0 || culprit === state.id || state.cancelled || this.#closed) throw thrown
      return 'lost for another'
    }
  }

  /** The thread with the fewest tasks, of those that answer if there are any. */
  #place<Worker extends { readonly id: number; readonly currentUsage: number }>(
    task: PiscinaTask,
    workers: readonly Worker[],
  ): Worker | null {
    const [first, ...others] = workers
    if (first === undefined) return null
    const load = ({ id, currentUsage }: Worker): number =>
      currentUsage + (this.#isSilent(id) ? TASKS_PER_THREAD_MAX : 0)
    const worker = others.reduce((best, other) => (load(other) < load(best) ? other : best), first)
    const state = task[queueOptionsSymbol]
    if (!(state instanceof TaskState)) return null
    state.thread = worker.id
    if (state.cancelled) queueMicrotask(() => this.#tellThread(state))
    return worker
  }

  #cancel(state: TaskState): void {
    state.cancelled = true
    if (state.thread !== 0) this.#tellThread(state)
  }

  #tellThread(state: TaskState): void {
    const message: CancelMessage = { thread: state.thread, task: state.id }
    this.#channel?.postMessage(message)
    this.#endIfStuck(state)
  }

  /** A thread that does not answer is in a handler that never returns to its event loop, or waits for another task's. */
  #endIfStuck(state: TaskState): void {
    const check = (): void => {
      if (state.settled || this.#closed) return
      const current = taskOf(this.#status, state.thread)
      if (current !== 0 && current !== state.id) this.#endIfStuck(state)
      else void this.#pool?.threads.find((thread) => thread.threadId === state.thread)?.terminate()
    }
    this.#unanswered.add(state)
    setTimeout(check, CANCEL_MS_MAX).unref()
  }

  /** Whether a thread that was told of a cancellation has not answered yet. */
  #isSilent(thread: number): boolean {
    for (const state of this.#unanswered) {
      if (state.settled) this.#unanswered.delete(state)
      else if (state.thread === thread) return true
    }
    return false
  }

  #lost({ name, version }: FunctionSignature, { batch }: InvokeContext, thrown: unknown): EngineError {
    if (this.#closed) return closedError()
    const message = `a pool thread ended while function '${name}' (version ${version}) worked on batch ${batch}: ${messageOf(thrown)}`
    return new EngineError('WORKER_LOST', message, { function: name, version, batch }, thrown)
  }
}

function closedError(): EngineError {
  return new EngineError('SESSION_CLOSED', 'the pool of threads is closed')
}
