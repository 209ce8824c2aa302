const signals = ['SIGINT', 'SIGTERM'] as const

type Signal = (typeof signals)[number]

/** The first signal asks for the end; a second one ends the process at once. */
export class Shutdown {
  /** Resolves when the end is asked for. */
  readonly asked: Promise<'asked'>
  #ask!: () => void
  #isAsked = false

  /** `withParent`: the end of standard input, which a parent holds, asks for it too. */
  constructor({ withParent }: { readonly withParent: boolean }) {
    this.asked = new Promise((resolve) => {
      this.#ask = () => resolve('asked')
    })
    for (const signal of signals) process.on(signal, this.#onSignal)
    // Whoever read what is printed is gone; the work goes on.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
    if (!withParent) return
    process.stdin.on('error', this.#ask).on('end', this.#ask).on('close', this.#ask).resume()
  }

  close(): void {
    for (const signal of signals) process.off(signal, this.#onSignal)
    process.stdin.pause()
  }

  readonly #onSignal = (signal: Signal): void => {
    if (this.#isAsked) {
      this.close()
      process.kill(process.pid, signal)
    }
    this.#isAsked = true
    this.#ask()
  }
}
