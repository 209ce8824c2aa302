import type { SessionOptions } from '../../session/session.ts'
import type { SessionGroups } from '../../session/sessionGroups.ts'
import type { RowSource } from '../formats/rowSource.ts'
import { writeText } from '../formats/writeText.ts'
import { withOutput } from '../output.ts'
import { chooseFormat, textFormat } from '../outputFormat.ts'
import { runCommand } from '../runCommand.ts'
import { sessionOptions } from '../sessionOptions.ts'
import { withCallables } from '../withCallables.ts'
import type { GroupsFlags } from './groupFlags.ts'

/** Runs a command, prints the rows that it answers with, and answers its exit code. The signal aborts at Ctrl-C. */
export async function rowsCommand(
  flags: GroupsFlags,
  work: (options: SessionOptions, signal: AbortSignal) => Promise<RowSource>,
): Promise<number> {
  return runCommand(flags, async ({ progress, signal }) => {
    const { format, maxRows } = chooseFormat(flags, process.stdout.isTTY)
    const printed = textFormat(format)
    const rows = await work(await sessionOptions(flags), signal)
    await withOutput(flags, progress, (output) => writeText(rows, printed, output, maxRows))
  })
}

/** The same on the scaling groups of the state. */
export async function groupsCommand(
  flags: GroupsFlags,
  work: (groups: SessionGroups) => Promise<RowSource>,
): Promise<number> {
  return rowsCommand(flags, (options) => withCallables(options, ({ groups }) => work(groups)))
}
