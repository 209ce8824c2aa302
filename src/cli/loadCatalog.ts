import type { CatalogSnapshot } from '../../catalog/function.ts'
import { loadDefinitions } from '../../catalog/loadModules.ts'
import type { SessionFlags } from './flags.ts'
import { withModels } from './models/withModels.ts'
import { sessionOptions } from './sessionOptions.ts'

/** The catalog that a session with these flags would have, deployed models included; no database is opened for it. */
export async function loadCatalog(flags: SessionFlags): Promise<CatalogSnapshot> {
  const options = await sessionOptions(flags)
  const { functions = [], baseDirectory = process.cwd() } = options
  const loaded = await loadDefinitions(functions, baseDirectory)
  return withModels(options, async (models) => models.catalog(), loaded)
}
