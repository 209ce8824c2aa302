/** Lets any number of waiters sleep until something changed; each looks again for itself what it was. */
export class Changes {
  #waiting: (() => void)[] = []

  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when `condition` holds; it is looked at now and after every change. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.next()
  }

  notify(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
