import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { Piscina, type PiscinaTask, queueOptionsSymbol } from 'piscina'
import type { FunctionSignature } from '../../../catalog/function.ts'
import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import { type Batch, transferables } from '../../../src/arrow/column.ts'
import { decodeError, EngineError, isEngineError, messageOf } from '../../../src/base/errors.ts'
import { cancelledError, onAbort, untilAborted } from '../../abort.ts'
import type { CallResult, Executor, InvokeContext } from '../../executor.ts'
import type { CancelMessage, PoolReply, PoolTask, PoolThreadData } from './poolMessages.ts'
import { TaskServices } from './taskServices.ts'
import { createStatus, taskOf } from './threadStatus.ts'

/** Calls of an asynchronous handler at once, over all threads. */
const ASYNC_CALLS_MAX = 32
/** How long a thread may leave a cancellation unanswered before it is ended. */
const CANCEL_MS_MAX = 250
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
  readonly #channelName = `callplane-pool-${process.pid}-${pools++}`
  /** Cancelled tasks whose threads were told. */
  readonly #unanswered = new Set<TaskState>()
  #channel: BroadcastChannel | null = null
  #pool: Piscina<PoolTask, PoolReply> | null = null
  #tasks = 0
  #closed = false

  /** `threads`: by default as many as the machine runs at once. They start with the first batch. */
  constructor(threads: number = availableParallelism()) {
    this.threads = threads
  }

  /** A quarter more than run, and one for each thread: they lie there when the thread is free for them. */
  concurrencyOf(signature: FunctionSignature, rowByRow: boolean): number {
    const atOnce = signature.style === 'row' && !rowByRow ? 1 : this.#callsAtOnce(signature)
    return (Math.ceil(atOnce * 1.25) + 1) * this.threads
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
    const task: PoolTask = {
      id: state.id,
      module,
      version,
      batch,
      context: sentContext(context),
      callsAtOnce: this.#callsAtOnce(signature),
      isTimed: context.timer !== undefined,
    }
    const stopListening = onAbort(signal, () => this.#cancel(state))
    this.#services.begin(state.id, signature, context)
    try {
      const reply = await untilAborted(signal, this.#run(task, state, context))
      if ('error' in reply) throw decodeError(reply.error)
      const failures = reply.failures.map(({ row, error }) => ({ row, error: decodeError(error) }))
      return { column: reply.column, failures }
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
    this.#channel?.close()
    await this.#pool?.destroy()
  }

  #start(): Piscina<PoolTask, PoolReply> {
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
    this.#pool.on('message', (message: unknown) => this.#services.greet(message))
    return this.#pool
  }

  async #run(task: PoolTask, state: TaskState, { keepsInput, timer }: InvokeContext): Promise<PoolReply> {
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
    pool: Piscina<PoolTask, PoolReply>,
    task: PoolTask,
    state: TaskState,
    transferList: ReturnType<typeof transferables>,
  ): Promise<PoolReply | 'lost for another'> {
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

  #callsAtOnce({ async }: FunctionSignature): number {
    return async ? Math.ceil(ASYNC_CALLS_MAX / this.threads) : 1
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

/** The part of a context that a thread can be sent. */
function sentContext(context: InvokeContext): PoolTask['context'] {
  const { batch, firstRow, metadata, attempt, deadline, reportsRows, secrets, chain, trace } = context
  return {
    batch,
    firstRow,
    metadata,
    attempt,
    deadline,
    reportsRows,
    ...(secrets === undefined ? {} : { secrets }),
    ...(chain === undefined ? {} : { chain }),
    ...(trace == null ? {} : { trace }),
  }
}
