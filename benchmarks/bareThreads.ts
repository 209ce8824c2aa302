import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { threadEntry } from './threadEntry.ts'

/** Threads that do nothing but call a function on strings in their memory: what no engine can beat. */
export class BareThreads {
  readonly #workers: readonly Worker[]

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers
  }

  /** Deals the texts out to the threads. */
  static async start(threads: number, texts: readonly (string | null)[]): Promise<BareThreads> {
    const workers = Array.from({ length: threads }, (_, thread) => {
      const workerData = texts.filter((_text, index) => index % threads === thread)
      return new Worker(threadEntry('bareThread.ts'), { eval: true, workerData })
    })
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    return new BareThreads(workers)
  }

  /** Works on as many rows in all, from the first again when there are no more; answers the length of the results. */
  async run(rows: number): Promise<number> {
    const each = Math.ceil(rows / this.#workers.length)
    const replies = this.#workers.map(async (worker) => {
      worker.postMessage(each)
      const [length] = await once(worker, 'message')
      return Number(length)
    })
    return (await Promise.all(replies)).reduce((sum, length) => sum + length, 0)
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
