import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type * as arrow from 'apache-arrow'

type Library = typeof arrow

let loaded: Library | null = null

function load(): Library {
  // The very module that a user's `import 'apache-arrow'` gives, so that `instanceof` holds.
  const path = fileURLToPath(import.meta.resolve('apache-arrow'))
  return createRequire(import.meta.url)(path) as Library
}

/** apache-arrow, loaded when it is first needed: it takes a tenth of a second, which a query that prints its rows never needs. */
export const library: Library = new Proxy({} as Library, {
  get: (_, name) => Reflect.get((loaded ??= load()), name),
})
