import { type Catalog, createCatalog } from '../../catalog/catalog.ts'
import type { ModelBinding } from '../../catalog/models/model.ts'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'

/** What a session can call: the functions that it was opened with, and the models that are deployed now. */
export class SessionCatalog {
  readonly #functions: readonly RegisteredFunction[]
  readonly #inUse = new Map<Catalog, number>()
  /** Is told of what no query calls any more and none will. */
  readonly #retire: (binding: ModelBinding) => void
  #current: Catalog

  constructor(functions: readonly RegisteredFunction[], retire: (binding: ModelBinding) => void) {
    this.#functions = functions
    this.#retire = retire
    this.#current = createCatalog(functions)
  }

  get current(): Catalog {
    return this.#current
  }

  /** Queries that begin from now on call these models; those that run go on with what they began with. */
  deploy(models: readonly RegisteredFunction[]): void {
    const before = this.#current
    this.#current = createCatalog([...this.#functions, ...models])
    if (!this.#inUse.has(before)) this.#retireUnused(before)
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
      if (catalog !== this.#current) this.#retireUnused(catalog)
    }
  }

  #retireUnused(catalog: Catalog): void {
    const kept = new Set([this.#current, ...this.#inUse.keys()].flatMap(bindingsOf))
    for (const binding of bindingsOf(catalog)) {
      if (!kept.has(binding)) this.#retire(binding)
    }
  }
}

function bindingsOf({ functions }: Catalog): readonly ModelBinding[] {
  return [...functions.values()].flatMap(({ model }) => (model === null ? [] : [model]))
}
