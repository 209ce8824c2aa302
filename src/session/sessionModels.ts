import type { Catalog } from '../../catalog/catalog.ts'
import type { SessionCatalog } from './sessionCatalog.ts'

/** The models of a session. */
export class SessionModels {
  readonly #catalog: SessionCatalog

  constructor(catalog: SessionCatalog) {
    this.#catalog = catalog
  }

  /** What a query that begins now calls by. */
  async catalog(): Promise<Catalog> {
    return this.#catalog.current
  }
}
