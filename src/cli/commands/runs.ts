import type { RunRecord } from '../../../catalog/store/stateStore.ts'
import { EngineError } from '../../base/errors.ts'
import type { SessionState } from '../../session/sessionState.ts'
import { countLetters } from '../deadLetters/countLetters.ts'
import { deadLetterFiles } from '../deadLetters/deadLetterFiles.ts'
import type { ResultFlags, SessionFlags } from '../flags.ts'
import { writeText } from '../formats/writeText.ts'
import { withState } from '../openState.ts'
import { withOutput } from '../output.ts'
import { chooseFormat, textFormat } from '../outputFormat.ts'
import { type CommandContext, runCommand } from '../runCommand.ts'
import { describeRun, profileOf, runRows } from '../runRows.ts'
import { sessionOptions } from '../sessionOptions.ts'
import { packageVersion } from '../version.ts'

export interface RunsFlags extends SessionFlags, ResultFlags {
  readonly limit: number
  /** The file of an HTML report. */
  readonly report?: string
}

/** Lists the runs that were recorded, or shows the one of a name or id. */
export async function runsCommand(wanted: string | undefined, flags: RunsFlags): Promise<number> {
  return runCommand(flags, async (context) => {
    const { format, maxRows } = chooseFormat(flags, process.stdout.isTTY)
    const printed = textFormat(format)
    await withState(await sessionOptions(flags), async (state) => {
      if (wanted === undefined && flags.report !== undefined) {
        throw new EngineError('USAGE_INVALID', '--report needs a run to report on', {
          hint: 'callplane runs lists those that there are',
        })
      }
      const rows =
        wanted === undefined
          ? runRows(await state.runs.list(flags.limit))
          : await showRun(await findRun(state, wanted), state, flags, context)
      await withOutput(flags, context.progress, (output) => writeText(rows, printed, output, maxRows))
    })
  })
}

/** Throws RUN_INVALID. */
export async function findRun(state: SessionState, nameOrId: string): Promise<RunRecord> {
  const run = await state.runs.get(nameOrId)
  if (run !== null) return run
  throw new EngineError('RUN_INVALID', `there is no run '${nameOrId}'`, {
    hint: 'callplane runs lists those that there are',
  })
}

async function showRun(
  run: RunRecord,
  state: SessionState,
  { report }: RunsFlags,
  context: CommandContext,
): Promise<ReturnType<typeof describeRun>> {
  const files = await deadLetterFiles(state, run.id)
  const letters = files.length === 0 ? 0 : await countLetters(files)
  if (report !== undefined) await writeReport(run, { state, letters, path: report }, context)
  return describeRun(run, letters)
}

async function writeReport(
  run: RunRecord,
  { state, letters, path }: { readonly state: SessionState; readonly letters: number; readonly path: string },
  { progress }: CommandContext,
): Promise<void> {
  const { renderRunReport } = await import('../../report/renderRunReport.ts')
  const page = renderRunReport({
    run,
    profile: profileOf(run),
    plan: null,
    deadLetters: letters === 0 ? null : { rows: letters, path: state.runDirectory(run.id) },
    version: packageVersion(),
    now: Date.now(),
  })
  await withOutput({ output: path }, progress, (output) => output.write(page))
}
