import { availableParallelism } from 'node:os'
import type { FunctionSignature } from '../../../catalog/function.ts'
import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import type { Batch } from '../../../src/arrow/column.ts'
import { onAbort } from '../../../src/base/cancellation.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { cancelledError, untilAborted } from '../../abort.ts'
import type { CallResult, Executor, InvokeContext } from '../../executor.ts'
import { streamedRow } from '../../invokeStream.ts'
import { callsAtOnce, resultOf, sentContext, tasksInFlight } from '../taskMessages.ts'
import { TaskServices } from '../taskServices.ts'
import { Job, type JobOptions } from './job.ts'
import { ProcessGroup } from './processGroup.ts'

/** What all functions have together to shut down. */
const SHUTDOWN_MS_MAX = 800

/**
 * Runs the functions of modules in child processes, which a crash or their memory may end without more: the batch that one ended with
 * fails with WORKER_LOST, after a second time alone in a fresh process; others go on elsewhere.
 */
export class ProcessExecutor implements Executor {
  readonly name = 'process'
  readonly processes: number
  readonly #services = new TaskServices()
  readonly #groups = new Map<string, ProcessGroup>()
  readonly #jobs = new Set<Job>()
  #tasks = 0
  #closed = false

  /**
   * `processes`: by default as many as the machine runs at once. They start when batches come that find no other free. A function
   * whose memory is limited has as many of its own.
   */
  constructor(processes: number = availableParallelism()) {
    this.processes = processes
  }

  concurrencyOf(signature: FunctionSignature, rowByRow: boolean): number {
    return tasksInFlight(signature, rowByRow, this.processes)
  }

  async open(): Promise<void> {}

  async invoke(registered: RegisteredFunction, batch: Batch, context: InvokeContext): Promise<CallResult> {
    const { job, end } = this.#begin(registered, batch, { context })
    try {
      const reply = await untilAborted(context.signal, job.reply)
      await this.#services.told(job.task.id, reply)
      return resultOf(reply)
    } catch (thrown) {
      throw context.signal.aborted ? cancelledError(registered.signature, context) : thrown
    } finally {
      end()
    }
  }

  /** Fails with WORKER_LOST where the process ends after the first item; before, the call is made again. */
  async *stream(
    registered: RegisteredFunction,
    args: readonly unknown[],
    context: InvokeContext,
  ): AsyncGenerator<unknown, void, undefined> {
    let onItem: ((value: unknown) => void) | null = null
    const nextItem = (): Promise<{ readonly item: unknown }> =>
      new Promise((resolve) => {
        onItem = (item) => resolve({ item })
      })
    let coming = nextItem()
    const { job, end, next } = this.#begin(registered, streamedRow(registered, args), {
      context,
      onItem: (value) => onItem?.(value),
    })
    const ended = job.reply.then((reply) => ({ reply }))
    try {
      for (;;) {
        const come = await untilAborted(context.signal, Promise.race([coming, ended]))
        if ('reply' in come) {
          await this.#services.told(job.task.id, come.reply)
          resultOf(come.reply)
          return
        }
        coming = nextItem()
        yield come.item
        next()
      }
    } catch (thrown) {
      throw context.signal.aborted ? cancelledError(registered.signature, context) : thrown
    } finally {
      end()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#jobs) job.fail(closedError())
    await Promise.all([...this.#groups.values()].map((group) => group.close(SHUTDOWN_MS_MAX)))
  }

  /** Sends a batch on its way; `end` must be called, and cancels what is still under way. */
  #begin(
    { signature }: RegisteredFunction,
    batch: Batch,
    { context, onItem }: Omit<JobOptions, 'signature'>,
  ): { readonly job: Job; readonly end: () => void; readonly next: () => void } {
    const { name, version, module } = signature
    if (module === null) {
      const message = `function '${name}' (version ${version}) is in no module that a process could load`
      throw new EngineError('INTERNAL', message)
    }
    if (context.signal.aborted) throw cancelledError(signature, context)
    if (this.#closed) throw closedError()
    const task = {
      id: ++this.#tasks,
      module,
      version,
      batch,
      context: sentContext(context),
      callsAtOnce: callsAtOnce(signature, this.processes),
      isTimed: context.timer !== undefined,
    }
    const job = new Job(task, { signature, context, onItem })
    const group = this.#groupOf(signature)
    const stopListening = onAbort(context.signal, () => group.cancel(job))
    this.#services.begin(task.id, signature, context)
    this.#jobs.add(job)
    group.submit(job)
    const end = (): void => {
      stopListening()
      if (!job.settled && !context.signal.aborted) group.cancel(job)
      this.#jobs.delete(job)
      this.#services.end(task.id)
    }
    return { job, end, next: () => group.next(job) }
  }

  /** Functions share processes, but for those whose memory is limited: it is theirs alone. */
  #groupOf({ name, version, memoryLimit }: FunctionSignature): ProcessGroup {
    const key = memoryLimit === null ? '' : `${name} ${version}`
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const group = new ProcessGroup({ processes: this.processes, memoryLimit, services: this.#services })
    this.#groups.set(key, group)
    return group
  }
}

function closedError(): EngineError {
  return new EngineError('SESSION_CLOSED', 'the executor of processes is closed')
}
