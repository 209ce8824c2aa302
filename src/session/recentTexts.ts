/** What was made of texts lately, so that a statement that comes again is not parsed again. */
export class RecentTexts<Made> {
  readonly #made = new Map<string, Promise<Made>>()
  readonly #most: number

  /** `most`: texts that are kept; those used least recently go first. */
  constructor(most: number) {
    this.#most = most
  }

  /** What `make` makes of the text, or made of it before; a failure is not kept. */
  async get(text: string, make: () => Promise<Made>): Promise<Made> {
    const made = this.#made.get(text) ?? make()
    this.#made.delete(text)
    this.#made.set(text, made)
    const [oldest] = this.#made.keys()
    if (this.#made.size > this.#most && oldest !== undefined) this.#made.delete(oldest)
    try {
      return await made
    } catch (error) {
      this.#made.delete(text)
      throw error
    }
  }

  clear(): void {
    this.#made.clear()
  }
}
