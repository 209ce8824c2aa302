import type { ResultKey, ResultPlace, ResultSegment, ResultStore } from '../../catalog/store/stateStore.ts'

/** A store of results in memory that can be told to fail. */
export class MemoryResults implements ResultStore {
  readonly segments = new Map<number, ResultSegment>()
  /** Run and key in hex, '' for the cache. */
  readonly #places = new Map<string, ResultPlace>()
  readonly evictions: { maxBytes: number; notBefore: number }[] = []
  finds = 0
  failure: Error | null = null
  readonly #removed = new Set<number>()
  #count = 0

  async find(
    keys: readonly ResultKey[],
    from: { readonly run: string } | { readonly notBefore: number },
  ): Promise<readonly (ResultPlace | null)[]> {
    this.#failIfTold()
    this.finds += keys.length
    return keys.map((key) => {
      const place = this.#places.get(nameOf('run' in from ? from.run : null, key))
      const segment = place === undefined ? undefined : this.segments.get(place.segment)
      if (place === undefined || segment === undefined) return null
      return 'notBefore' in from && segment.created < from.notBefore ? null : place
    })
  }

  async read(segment: number): Promise<ResultSegment | null> {
    this.#failIfTold()
    return this.#removed.has(segment) ? null : (this.segments.get(segment) ?? null)
  }

  async add(segment: ResultSegment, keys: readonly ResultKey[]): Promise<void> {
    this.#failIfTold()
    const id = ++this.#count
    this.segments.set(id, segment)
    keys.forEach((key, row) => this.#places.set(nameOf(segment.run, key), { segment: id, row }))
  }

  async evict(maxBytes: number, notBefore: number): Promise<void> {
    this.evictions.push({ maxBytes, notBefore })
  }

  async bytes(): Promise<number> {
    return [...this.segments.values()].reduce((sum, { data }) => sum + data.length, 0)
  }

  async forgetRun(run: string): Promise<void> {
    for (const [id, segment] of this.segments) if (segment.run === run) this.segments.delete(id)
  }

  /** As if the cache had been held to its limit between a look-up and the reading of what it found. */
  removeSegment(id: number): void {
    this.#removed.add(id)
  }

  #failIfTold(): void {
    if (this.failure !== null) throw this.failure
  }
}

function nameOf(run: string | null, key: ResultKey): string {
  return `${run ?? ''} ${Buffer.from(key).toString('hex')}`
}
