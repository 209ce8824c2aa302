/** The bodies of an answer between the call that they come from and their reader. */
export class BodyQueue {
  readonly #bodies: Uint8Array[] = []
  #end: { readonly failed: boolean; readonly error: unknown } | null = null
  #wake: (() => void) | null = null

  push(body: Uint8Array): void {
    this.#bodies.push(body)
    this.#wake?.()
  }

  /** Null for an answer that is complete. */
  end(error: unknown): void {
    this.#end = { failed: error !== null, error }
    this.#wake?.()
  }

  get hasEnded(): boolean {
    return this.#end !== null
  }

  /** The next body, or null behind the last; throws what the call ended with. `want` is called where there is none yet. */
  async next(want: () => void): Promise<Uint8Array | null> {
    for (;;) {
      const body = this.#bodies.shift()
      if (body !== undefined) return body
      if (this.#end !== null) {
        if (!this.#end.failed) return null
        throw this.#end.error
      }
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      want()
      await woken
    }
  }
}
