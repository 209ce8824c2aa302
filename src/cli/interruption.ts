import { EngineError } from '../base/errors.ts'
import { removeUnfinished } from './unfinishedFiles.ts'

/** How long work may take to end after it was cancelled. */
const CANCEL_MS_MAX = 900

const signals = ['SIGINT', 'SIGTERM'] as const

type Signal = (typeof signals)[number]

/** The first Ctrl-C cancels what runs; a second one, or work that does not end then, ends the process at once. */
export class Interruption {
  readonly #controller = new AbortController()
  readonly #beforeEnd: () => void
  #timer: NodeJS.Timeout | null = null

  /** `beforeEnd` says what was done, before the process ends without the work having ended. */
  constructor(beforeEnd: () => void) {
    this.#beforeEnd = beforeEnd
    for (const signal of signals) process.on(signal, this.#interrupt)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const signal of signals) process.off(signal, this.#interrupt)
  }

  readonly #interrupt = (signal: Signal): void => {
    if (this.signal.aborted) return this.#end(signal)
    this.#timer = setTimeout(() => this.#end(signal), CANCEL_MS_MAX)
    this.#controller.abort(new EngineError('CANCELLED', 'cancelled'))
  }

  /**
   * Ends the process as the signal does by itself, which shells report as 130. `process.exit` would stop threads in the middle
   * of a function that computes, and DuckDB would bring the process down with a dump of its stack.
   */
  #end(signal: Signal): void {
    this.close()
    this.#beforeEnd()
    removeUnfinished()
    process.kill(process.pid, signal)
  }
}
