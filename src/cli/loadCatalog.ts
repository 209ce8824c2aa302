import { createSnapshot } from '../../catalog/catalog.ts'
import type { CatalogSnapshot } from '../../catalog/function.ts'
import { loadDefinitions } from '../../catalog/loadModules.ts'
import type { SessionFlags } from './flags.ts'
import { sessionOptions } from './sessionOptions.ts'

/** The catalog that a session with these flags would have; no database is opened for it. */
export async function loadCatalog(flags: SessionFlags): Promise<CatalogSnapshot> {
  const { functions = [], baseDirectory = process.cwd() } = await sessionOptions(flags)
  return createSnapshot(await loadDefinitions(functions, baseDirectory))
}
