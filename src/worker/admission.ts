import { Limiter } from '../../udf/limiter.ts'
import type { CallSignal } from '../base/cancellation.ts'
import { EngineError } from '../base/errors.ts'

/** How long a figure of the process's memory is taken to hold, in milliseconds. */
const MEMORY_KNOWN_MS = 25

export interface AdmissionOptions {
  /** Calls at once. */
  readonly maxConcurrentCalls: number
  /** Calls that may wait for a place. */
  readonly maxQueuedCalls: number
  /** Bytes that the process may take before calls are refused; null for any number. */
  readonly memoryLimit: number | null
  /** Is told that a call waits; calls back when it does no more. */
  readonly onWait: () => () => void
  /** Bytes that the process takes; default: its resident set. */
  readonly memory?: () => number
}

/** Lets calls in, as many as a worker has room for; others wait, or are refused. */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #limiter: Limiter
  #waiting = 0
  #memory = { bytes: 0, until: 0 }

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#limiter = new Limiter(options.maxConcurrentCalls)
  }

  /**
   * Resolves when the call may begin, with what it calls at its end. Throws RESOURCE_EXHAUSTED where no place is left to wait or the
   * process takes too much memory, or the signal's reason.
   */
  async enter(signal: CallSignal): Promise<() => void> {
    this.#checkMemory()
    if (!this.#limiter.tryAcquire()) await this.#wait(signal)
    return () => this.#limiter.release()
  }

  async #wait(signal: CallSignal): Promise<void> {
    const { maxConcurrentCalls, maxQueuedCalls, onWait } = this.#options
    if (this.#waiting >= maxQueuedCalls) {
      throw new EngineError(
        'RESOURCE_EXHAUSTED',
        `the worker has ${maxConcurrentCalls} calls in flight, and ${this.#waiting} wait for their turn`,
      )
    }
    const stopWaiting = onWait()
    this.#waiting++
    try {
      await this.#limiter.acquire(signal)
    } finally {
      this.#waiting--
      stopWaiting()
    }
  }

  #checkMemory(): void {
    const { memoryLimit, memory = () => process.memoryUsage.rss() } = this.#options
    if (memoryLimit === null) return
    const now = performance.now()
    if (now > this.#memory.until) this.#memory = { bytes: memory(), until: now + MEMORY_KNOWN_MS }
    if (this.#memory.bytes <= memoryLimit) return
    throw new EngineError(
      'RESOURCE_EXHAUSTED',
      `the worker takes ${megabytes(this.#memory.bytes)}, and may take ${megabytes(memoryLimit)}`,
    )
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
