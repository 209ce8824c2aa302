import { availableParallelism } from 'node:os'
import type { FunctionSignature } from '../../../catalog/function.ts'
import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import type { Batch } from '../../../src/arrow/column.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { cancelledError, onAbort, untilAborted } from '../../abort.ts'
import type { CallResult, Executor, InvokeContext } from '../../executor.ts'
import { callsAtOnce, resultOf, sentContext, tasksInFlight } from '../taskMessages.ts'
import { TaskServices } from '../taskServices.ts'
import { Job } from './job.ts'
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

  async invoke({ signature }: RegisteredFunction, batch: Batch, context: InvokeContext): Promise<CallResult> {
    const { name, version, module } = signature
    if (module === null) {
      const message = `function '${name}' (version ${version}) is in no module that a process could load`
      throw new EngineError('INTERNAL', message)
    }
    const { signal } = context
    if (signal.aborted) throw cancelledError(signature, context)
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
    const job = new Job(task, signature, context)
    const group = this.#groupOf(signature)
    const stopListening = onAbort(signal, () => group.cancel(job))
    this.#services.begin(task.id, signature, context)
    this.#jobs.add(job)
    try {
      group.submit(job)
      const reply = await untilAborted(signal, job.reply)
      await this.#services.told(task.id, reply)
      return resultOf(reply)
    } catch (thrown) {
      if (signal.aborted) throw cancelledError(signature, context)
      throw thrown
    } finally {
      stopListening()
      this.#jobs.delete(job)
      this.#services.end(task.id)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#jobs) job.fail(closedError())
    await Promise.all([...this.#groups.values()].map((group) => group.close(SHUTDOWN_MS_MAX)))
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
