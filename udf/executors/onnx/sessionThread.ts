import { fileURLToPath } from 'node:url'
import { type Transferable, Worker } from 'node:worker_threads'
import { transferables } from '../../../src/arrow/column.ts'
import { decodeError, EngineError, messageOf } from '../../../src/base/errors.ts'
import type { CallResult } from '../../executor.ts'
import { RunLatch } from './runLatch.ts'
import type { BatchTask, ThreadData, ThreadJob, ThreadOrder, ThreadReport } from './threadMessages.ts'

/** How long a thread that is outside the runtime may leave a cancellation unanswered before it is ended. */
const CANCEL_MS_MAX = 250
/** Batches of a thread: one that it works on, and one that lies there when it is done. */
const BATCHES_MAX = 2

/** What becomes of a batch. A thread is lost together with the batches that it has. */
export interface BatchOutcome {
  readonly done: (result: CallResult) => void
  readonly failed: (error: EngineError) => void
  /** `isCulprit`: it was worked on, rather than waiting in the thread. */
  readonly lost: (reason: string, isCulprit: boolean) => void
  /** The thread begins with it, as far as is known here. */
  readonly begun: () => void
}

interface SentBatch extends BatchOutcome {
  readonly id: number
}

/** Threads that must not be inside the runtime when the process ends. */
const living = new Set<SessionThread>()
process.once('exit', () => {
  for (const thread of living) thread.shut()
})

/** A thread with one session, or one that looks at a model. */
export class SessionThread {
  /** Resolves when the session is loaded; rejects with why it is not, when the thread has ended. */
  readonly loaded: Promise<void>
  /** What an inspecting thread found, or why it did not, as an EngineError. */
  readonly ended: Promise<void>
  readonly #worker: Worker
  readonly #latch = new RunLatch()
  readonly #batches = new Map<number, SentBatch>()
  /** Batches that it was told to cancel. It may be stuck in one of them. */
  readonly #unanswered = new Set<number>()
  readonly #onReport: (report: ThreadReport) => void
  #isLoaded = false
  #isEnding = false
  #hasEnded = false
  #problem: string | null = null
  /** Milliseconds of the process's clock when it last had something to do. */
  usedAt: number = performance.now()

  constructor(job: ThreadJob, onReport: (report: ThreadReport) => void = () => {}) {
    const data: ThreadData = { job, latch: this.#latch.memory }
    this.#worker = new Worker(fileURLToPath(new URL('./onnxThread.js', import.meta.url)), {
      workerData: data,
    })
    this.#onReport = onReport
    living.add(this)
    this.loaded = new Promise((resolve, reject) => {
      let notLoaded: EngineError | null = null
      this.#worker.on('message', (report: ThreadReport) => {
        if (report.kind === 'loaded') {
          this.#isLoaded = true
          this.#worker.unref()
          resolve()
        } else if (report.kind === 'notLoaded') {
          notLoaded = decodeError(report.error)
        } else this.#hear(report)
      })
      this.#worker.once('exit', () => {
        const reason = this.#problem ?? 'it ended'
        reject(
          notLoaded ?? new EngineError('WORKER_LOST', `a thread ended while it loaded a model: ${reason}`),
        )
      })
    })
    this.loaded.catch(() => undefined)
    this.#worker.on('error', (error) => {
      this.#problem = messageOf(error)
    })
    this.ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        living.delete(this)
        this.#hasEnded = true
        this.#lose(this.#problem ?? `it exited with code ${code}`)
        resolve()
      })
    })
  }

  /** Whether it takes batches. */
  get isServing(): boolean {
    return this.#isLoaded && !this.#isEnding && !this.#hasEnded
  }

  /** Whether it is on its way out, or gone. */
  get isEnding(): boolean {
    return this.#isEnding || this.#hasEnded
  }

  /** Batches that it works on or will. */
  get load(): number {
    return this.#batches.size
  }

  get hasRoom(): boolean {
    return this.isServing && this.#batches.size < BATCHES_MAX && this.#unanswered.size === 0
  }

  /** Sends a batch; its buffers are transferred unless they must stay. */
  send(task: BatchTask, keepsInput: boolean, outcome: BatchOutcome): void {
    this.usedAt = performance.now()
    this.#worker.ref()
    this.#batches.set(task.id, { id: task.id, ...outcome })
    this.#tell({ kind: 'batch', ...task }, keepsInput ? [] : transferables(task.batch.columns))
    if (this.#batches.size === 1) outcome.begun()
  }

  /** Tells the thread that nobody waits for the batch any more. */
  cancel(id: number): void {
    if (!this.#batches.has(id)) return
    this.#unanswered.add(id)
    this.#tell({ kind: 'cancel', id })
    this.#watch(id)
  }

  /** Lets it finish what it has, and ends it. */
  end(): void {
    if (this.isEnding) return
    this.#isEnding = true
    this.#worker.ref()
    if (this.#isLoaded) this.#tell({ kind: 'end' })
    else void this.loaded.then(() => this.#tell({ kind: 'end' })).catch(() => undefined)
  }

  /** Ends it as soon as it is outside the runtime; what it works on is lost. Resolves when it has ended or the time is over. */
  async endNow(milliseconds: number): Promise<void> {
    this.#isEnding = true
    this.#worker.unref()
    const deadline = performance.now() + milliseconds
    while (!this.#hasEnded && !this.#latch.tryShut() && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    if (this.#latch.tryShut()) await this.#worker.terminate()
    else void this.#endOnceOutside()
  }

  /** Blocks until it is outside the runtime, and never lets it in again. */
  shut(): void {
    this.#latch.shut()
  }

  #tell(order: ThreadOrder, transferList: readonly Transferable[] = []): void {
    this.#worker.postMessage(order, transferList)
  }

  #hear(report: ThreadReport): void {
    if (report.kind === 'done' || report.kind === 'failed') this.#settle(report)
    this.#onReport(report)
  }

  #settle(report: Extract<ThreadReport, { readonly kind: 'done' | 'failed' }>): void {
    const batch = this.#batches.get(report.id)
    this.#batches.delete(report.id)
    this.#unanswered.delete(report.id)
    this.usedAt = performance.now()
    if (this.#batches.size === 0 && !this.#isEnding) this.#worker.unref()
    const [next] = this.#batches.values()
    next?.begun()
    if (report.kind === 'failed') return batch?.failed(decodeError(report.error))
    const failures = report.failures.map(({ row, error }) => ({ row, error: decodeError(error) }))
    batch?.done({ column: report.column, failures })
  }

  #lose(reason: string): void {
    const batches = [...this.#batches.values()]
    this.#batches.clear()
    batches.forEach((batch, index) => batch.lost(reason, index === 0))
  }

  /** A run of the model comes back; a function of a module may not. */
  #endIfStuck(id: number, visits: number | null): void {
    const [current] = this.#batches.keys()
    if (current !== id) return
    const isStuck = visits !== null && visits === this.#latch.visits
    if (!isStuck || !this.#latch.tryShut()) return this.#watch(id)
    this.#isEnding = true
    void this.#worker.terminate()
  }

  #watch(id: number): void {
    const { visits } = this.#latch
    setTimeout(() => this.#endIfStuck(id, visits), CANCEL_MS_MAX).unref()
  }

  async #endOnceOutside(): Promise<void> {
    while (!this.#hasEnded && !this.#latch.tryShut()) {
      await new Promise((resolve) => setTimeout(resolve, 50).unref())
    }
    await this.#worker.terminate()
  }
}
