import { EngineError } from '../base/errors.ts'
import { exitCodes } from './exitCode.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** The first Ctrl-C cancels what runs, a second one ends the process at once. */
export class Interruption {
  readonly #controller = new AbortController()

  constructor() {
    for (const signal of signals) process.on(signal, this.#interrupt)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  close(): void {
    for (const signal of signals) process.off(signal, this.#interrupt)
  }

  readonly #interrupt = (): void => {
    if (this.signal.aborted) process.exit(exitCodes.cancelled)
    this.#controller.abort(new EngineError('CANCELLED', 'cancelled'))
  }
}
