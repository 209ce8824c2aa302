import { lookup } from '../../../catalog/catalog.ts'
import { describeFunction, functionRows } from '../catalogRows.ts'
import type { ResultFlags, SessionFlags } from '../flags.ts'
import { writeText } from '../formats/writeText.ts'
import { loadCatalog } from '../loadCatalog.ts'
import { withOutput } from '../output.ts'
import { chooseFormat, textFormat } from '../outputFormat.ts'
import { runCommand } from '../runCommand.ts'

/** Lists the functions of the catalog, or describes the one of a name. */
export async function functionsCommand(
  name: string | undefined,
  flags: SessionFlags & ResultFlags,
): Promise<number> {
  return runCommand(flags, async ({ progress }) => {
    const { format, maxRows } = chooseFormat(flags, process.stdout.isTTY)
    const printed = textFormat(format)
    const catalog = await loadCatalog(flags)
    const rows =
      name === undefined ? functionRows(catalog.functions.values()) : describeFunction(lookup(catalog, name))
    await withOutput(flags, progress, (output) => writeText(rows, printed, output, maxRows))
  })
}
