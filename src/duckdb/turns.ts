/** Lets one piece of work after the other have its turn. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Settles as the work does, which begins when all that came before is done. */
  async take<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
