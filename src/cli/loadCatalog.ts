import type { CatalogSnapshot } from '../../catalog/function.ts'
import { loadDefinitions } from '../../catalog/loadModules.ts'
import type { SessionFlags } from './flags.ts'
import { sessionOptions } from './sessionOptions.ts'
import { withCallables } from './withCallables.ts'

/** The catalog that a session with these flags would have, deployed models included; no database is opened for it. */
export async function loadCatalog(flags: SessionFlags): Promise<CatalogSnapshot> {
  const options = await sessionOptions(flags)
  const { functions = [], baseDirectory = process.cwd() } = options
  const definitions = await loadDefinitions(functions, baseDirectory)
  return withCallables(options, async ({ catalog }) => catalog.now(), definitions)
}
