import { generateCatalogTypes } from '../../../catalog/generateTypes.ts'
import type { OutputFlags, SessionFlags } from '../flags.ts'
import { loadCatalog } from '../loadCatalog.ts'
import { withOutput } from '../output.ts'
import { runCommand } from '../runCommand.ts'

/** Writes the `catalog.d.ts` of the session's functions. */
export async function typesCommand(flags: SessionFlags & OutputFlags): Promise<number> {
  return runCommand(flags, async ({ progress }) => {
    const types = generateCatalogTypes(await loadCatalog(flags))
    await withOutput(flags, progress, (output) => output.write(types))
  })
}
