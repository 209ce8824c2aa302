import type { FunctionSignature } from '../../../catalog/function.ts'
import type { Batch } from '../../../src/arrow/column.ts'
import { onAbort } from '../../../src/base/cancellation.ts'
import { EngineError } from '../../../src/base/errors.ts'
import { cancelledError } from '../../abort.ts'
import type { CallResult, InvokeContext } from '../../executor.ts'
import type { BatchOutcome, SessionThread } from './sessionThread.ts'
import type { BatchTask } from './threadMessages.ts'

let calls = 0

/** One batch of a model's function, from the time when it begins to wait. Its time counts only while a thread works on it. */
export class ModelCall {
  readonly id: number = ++calls
  readonly result: Promise<CallResult>
  readonly #signature: FunctionSignature
  readonly #batch: Batch
  readonly #context: InvokeContext
  readonly #stopListening: () => void
  #resolve: (result: CallResult) => void = () => {}
  #reject: (error: EngineError) => void = () => {}
  #thread: SessionThread | null = null
  #isSettled = false

  constructor(signature: FunctionSignature, batch: Batch, context: InvokeContext) {
    this.#signature = signature
    this.#batch = batch
    this.#context = context
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    context.timer?.pause()
    this.#stopListening = onAbort(context.signal, () => {
      this.fail(cancelledError(signature, context))
      this.#thread?.cancel(this.id)
    })
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Hands it to a thread. `again` is called where the thread is lost for another call, and this one can be made again. */
  send(thread: SessionThread, again: () => void): void {
    const { batch, firstRow, reportsRows, keepsInput, timer } = this.#context
    const task: BatchTask = {
      id: this.id,
      batch: this.#batch,
      context: { function: this.#signature.name, batch, firstRow, reportsRows },
    }
    const outcome: BatchOutcome = {
      begun: () => timer?.start(),
      done: (result) => this.#settle(() => this.#resolve(result)),
      failed: (error) => this.fail(error),
      lost: (reason, isCulprit) => {
        this.#thread = null
        if (isCulprit || !keepsInput || this.#isSettled) return this.fail(this.#lost(reason))
        timer?.pause()
        again()
      },
    }
    this.#thread = thread
    thread.send(task, keepsInput, outcome)
  }

  fail(error: EngineError): void {
    this.#settle(() => this.#reject(error))
  }

  #settle(tell: () => void): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#stopListening()
    tell()
  }

  #lost(reason: string): EngineError {
    const { name, version } = this.#signature
    const { batch } = this.#context
    const message = `a model's thread ended while function '${name}' (version ${version}) worked on batch ${batch}: ${reason}`
    return new EngineError('WORKER_LOST', message, { function: name, version, batch })
  }
}
