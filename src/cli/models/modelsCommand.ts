import type { Callables } from '../../session/callables.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { writeText } from '../formats/writeText.ts'
import { withOutput } from '../output.ts'
import { chooseFormat, textFormat } from '../outputFormat.ts'
import { runCommand } from '../runCommand.ts'
import { sessionOptions } from '../sessionOptions.ts'
import { withCallables } from '../withCallables.ts'
import type { ModelsFlags } from './modelFlags.ts'

/** Runs a command on the models of the state, prints the rows that it answers with, and answers its exit code. */
export async function modelsCommand(
  flags: ModelsFlags,
  work: (callables: Callables) => Promise<RowSource>,
): Promise<number> {
  return runCommand(flags, async ({ progress }) => {
    const { format, maxRows } = chooseFormat(flags, process.stdout.isTTY)
    const printed = textFormat(format)
    const rows = await withCallables(await sessionOptions(flags), work)
    await withOutput(flags, progress, (output) => writeText(rows, printed, output, maxRows))
  })
}
