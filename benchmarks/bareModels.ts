import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { BareRun, BareSession, BareThreadData, BareWork } from './bareModelThread.ts'
import { threadEntry } from './threadEntry.ts'

/** Threads with a session of onnxruntime each, which do nothing but run it: what no engine can beat. */
export class BareModels {
  readonly #workers: readonly Worker[]
  readonly #next: Int32Array

  private constructor(workers: readonly Worker[], next: Int32Array) {
    this.#workers = workers
    this.#next = next
  }

  /** Loads the sessions, each of which has run once when it is ready. */
  static async start(
    session: BareSession,
    work: BareWork,
    { sessions, batchSize }: { readonly sessions: number; readonly batchSize: number },
  ): Promise<BareModels> {
    const next = new Int32Array(new SharedArrayBuffer(4))
    const workerData: BareThreadData = { session, work, batchSize, next }
    const workers = Array.from(
      { length: sessions },
      () => new Worker(threadEntry('bareModelThread.ts'), { eval: true, workerData }),
    )
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    return new BareModels(workers, next)
  }

  /** Runs so many batches, each in the thread that is free; answers the sum of the first numbers of all results. */
  async run(batches: number): Promise<number> {
    Atomics.store(this.#next, 0, 0)
    const replies = this.#workers.map(async (worker) => {
      worker.postMessage({ batches } satisfies BareRun)
      const [sum] = await once(worker, 'message')
      return Number(sum)
    })
    return (await Promise.all(replies)).reduce((total, sum) => total + sum, 0)
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
