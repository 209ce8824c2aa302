import { type Catalog, createCatalog } from '../../catalog/catalog.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Random } from '../../udf/clock.ts'

/** What answers some names: one set of functions, or for a share of the queries another. */
export interface ServedFunctions {
  readonly functions: readonly RegisteredFunction[]
  /** Takes the place of `functions` in `share` of the queries, 0 to 1; null for none. */
  readonly next: { readonly functions: readonly RegisteredFunction[]; readonly share: number } | null
}

/** Where functions come from that come and go: models, scaling groups. */
export interface FunctionSource {
  /** Serves what is to be served by now. */
  refresh(): Promise<void>
}

export interface SessionCatalogOptions {
  /** Those that the session was opened with. */
  readonly functions: readonly RegisteredFunction[]
  /** Is told of a function that no query calls any more and none will. */
  readonly retire: (retired: RegisteredFunction) => void
  readonly random?: Random
}

/** What a session can call: the functions that it was opened with, and what is deployed now. */
export class SessionCatalog {
  readonly #options: SessionCatalogOptions
  readonly #inUse = new Map<Catalog, number>()
  readonly #sources: FunctionSource[] = []
  readonly #served = new Map<FunctionSource, readonly ServedFunctions[]>()
  /** By the numbers of those in `next` that take part. */
  readonly #variants = new Map<string, Catalog>()

  constructor(options: SessionCatalogOptions) {
    this.#options = options
  }

  /** Adds a source, which is asked whenever a query begins. */
  follow(source: FunctionSource): void {
    this.#sources.push(source)
  }

  /** What most queries call by now. */
  get current(): Catalog {
    return this.#variant(() => false)
  }

  /** What a query that begins now calls by. */
  async now(): Promise<Catalog> {
    for (const source of this.#sources) await source.refresh()
    const { random = Math.random } = this.#options
    return this.#variant((share) => random() < share)
  }

  /** Queries that begin from now on call these functions of a source; those that run go on with what they began with. */
  serve(source: FunctionSource, served: readonly ServedFunctions[]): void {
    const before = this.#all()
    this.#served.set(source, served)
    this.#variants.clear()
    this.#retireUnused(before)
  }

  /** Keeps a catalog for a query until it is given back. */
  use(catalog: Catalog): () => void {
    this.#inUse.set(catalog, (this.#inUse.get(catalog) ?? 0) + 1)
    let used = true
    return () => {
      if (!used) return
      used = false
      const others = this.#inUse.get(catalog)! - 1
      if (others > 0) return void this.#inUse.set(catalog, others)
      this.#inUse.delete(catalog)
      if (![...this.#variants.values()].includes(catalog))
        this.#retireUnused([...catalog.registered.values()])
    }
  }

  #variant(isNext: (share: number) => boolean): Catalog {
    const served = [...this.#served.values()].flat()
    const chosen = served.map(({ functions, next }) =>
      next !== null && isNext(next.share)
        ? { functions: next.functions, mark: '1' }
        : { functions, mark: '0' },
    )
    const key = chosen.map(({ mark }) => mark).join('')
    const known = this.#variants.get(key)
    if (known !== undefined) return known
    const catalog = createCatalog([
      ...this.#options.functions,
      ...chosen.flatMap(({ functions }) => functions),
    ])
    this.#variants.set(key, catalog)
    return catalog
  }

  /** Whatever a query that begins now might call. */
  #all(): readonly RegisteredFunction[] {
    const served = [...this.#served.values()].flat()
    return [
      ...this.#options.functions,
      ...served.flatMap(({ functions, next }) => [...functions, ...(next?.functions ?? [])]),
    ]
  }

  #retireUnused(functions: readonly RegisteredFunction[]): void {
    const running = [...this.#inUse.keys()].flatMap(({ registered }) => [...registered.values()])
    const kept = new Set([...this.#all(), ...running])
    for (const own of functions) if (!kept.has(own)) this.#options.retire(own)
  }
}
