import { availableParallelism } from 'node:os'
import type { FunctionSignature } from '../../../catalog/function.ts'
import type { ModelBinding } from '../../../catalog/models/model.ts'
import type { RegisteredFunction } from '../../../catalog/registerFunction.ts'
import type { Batch } from '../../../src/arrow/column.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { cancelledError } from '../../abort.ts'
import type { CallResult, Executor, InvokeContext } from '../../executor.ts'
import { ModelCall } from './modelCall.ts'
import { closedError, SessionPool } from './sessionPool.ts'

/** Sessions of all models together, where nobody says how many. */
const SESSIONS_DEFAULT = 8

export interface OnnxOptions {
  /** Sessions of all models that are loaded at once; by default 8, or as many as the machine runs threads if these are more. */
  readonly maxSessions?: number
  /** Bytes that all loaded sessions may take, each as many as its binding says; null, the default, for any number. */
  readonly memoryLimit?: number | null
  /**
   * Gives memory that was freed in this process back to the system. Without it the memory of sessions that are closed stays with
   * the process, for those that follow.
   */
  readonly releaseMemory?: () => Promise<void>
}

/** Calls models, each session of onnxruntime in a thread of its own, which its runs block. */
export class OnnxExecutor implements Executor {
  readonly name = 'onnx'
  readonly #pool: SessionPool
  readonly #calls = new Set<ModelCall>()
  #closed = false

  constructor({ maxSessions, memoryLimit = null, releaseMemory }: OnnxOptions = {}) {
    this.#pool = new SessionPool({
      maxSessions: maxSessions ?? Math.max(SESSIONS_DEFAULT, availableParallelism()),
      memoryLimit,
      releaseMemory: releaseMemory ?? null,
    })
  }

  /** Two for each session, one that it works on and one that lies there when it is done, and one more. */
  concurrencyOf({ model }: FunctionSignature): number {
    return 2 * Math.max(1, model?.runtime.maxSessions ?? 1) + 1
  }

  async open(): Promise<void> {}

  /**
   * Checks a model's files, loads its `minSessions` and runs each once. Fails with MODEL_CHANGED, MODEL_INVALID,
   * PROVIDER_UNAVAILABLE or CONFIG_INVALID, and then leaves nothing behind.
   */
  async prepare(binding: ModelBinding): Promise<void> {
    await this.#pool.prepare(binding)
  }

  /** Keeps a model's sessions, once a call has loaded them, until it is retired. */
  hold(binding: ModelBinding): void {
    this.#pool.hold(binding)
  }

  /**
   * Closes the model's sessions once what is in flight is done, and resolves then. If it is called again it is loaded again; what
   * was prepared or held several times is closed when it was retired as often.
   */
  async retire(binding: ModelBinding): Promise<void> {
    await this.#pool.retire(binding)
  }

  async invoke({ signature }: RegisteredFunction, batch: Batch, context: InvokeContext): Promise<CallResult> {
    const { model, name } = signature
    if (model === null) throw new EngineError('INTERNAL', `function '${name}' calls no model`)
    if (this.#closed) throw closedError()
    if (context.signal.aborted) throw cancelledError(signature, context)
    const call = new ModelCall(signature, batch, context)
    this.#calls.add(call)
    try {
      this.#pool.call(model, call)
      return await call.result
    } finally {
      this.#calls.delete(call)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const call of this.#calls) call.fail(closedError())
    await this.#pool.close()
  }
}
