import { exitCodes } from '../exitCode.ts'
import type { ResultFlags, SessionFlags } from '../flags.ts'
import { openOutput } from '../output.ts'
import { chooseFormat, textFormat } from '../outputFormat.ts'
import { ProgressLine, silentStream } from '../progressLine.ts'
import { History, historyPath } from '../repl/history.ts'
import { Repl } from '../repl/repl.ts'
import { runCommand } from '../runCommand.ts'
import { withSession } from '../withSession.ts'
import { withTelemetry } from '../withTelemetry.ts'

export interface ReplFlags extends SessionFlags, ResultFlags {
  readonly history?: string
}

/** Takes statements one by one until the input ends. */
export async function replCommand(flags: ReplFlags): Promise<number> {
  return runCommand({ ...flags, progress: false }, async ({ signal }) => {
    const { format, maxRows } = chooseFormat(flags, process.stdout.isTTY)
    const options = {
      output: await openOutput(),
      history: new History(flags.history ?? historyPath(process.env)),
      format: textFormat(format),
      maxRows,
      progress: () => new ProgressLine(flags.progress ? process.stderr : silentStream),
      debug: flags.debug,
      signal,
    }
    const code = await withTelemetry(flags, () =>
      withSession(flags, (session) => new Repl({ ...options, session }).run()),
    )
    return signal.aborted ? exitCodes.cancelled : code
  })
}
