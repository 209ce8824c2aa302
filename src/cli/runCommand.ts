import { isEngineError } from '../base/errors.ts'
import { exitCodeOf, exitCodes } from './exitCode.ts'
import { Interruption } from './interruption.ts'
import { printError } from './printError.ts'
import { describeCancelled } from './progress.ts'
import { ProgressLine, silentStream } from './progressLine.ts'

/** What a command works with. */
export interface CommandContext {
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal
  readonly progress: ProgressLine
}

export interface CommandFlags {
  readonly progress: boolean
  readonly debug: boolean
  /** The file that the command writes. */
  readonly output?: string
}

/** Runs a command, reports what it throws, and answers its exit code. */
export async function runCommand(
  flags: CommandFlags,
  command: (context: CommandContext) => Promise<number | void>,
): Promise<number> {
  const progress = new ProgressLine(flags.progress ? process.stderr : silentStream)
  const sayCancelled = (): void => {
    progress.close()
    process.stderr.write(`${describeCancelled(progress.latest, progress.seconds, flags.output)}\n`)
  }
  const interruption = new Interruption(sayCancelled)
  // Whoever read the messages is gone; the work goes on.
  process.stderr.on('error', () => {})
  try {
    return (await command({ signal: interruption.signal, progress })) ?? exitCodes.done
  } catch (thrown) {
    progress.close()
    if (interruption.signal.aborted && (!isEngineError(thrown) || thrown.code === 'CANCELLED')) {
      sayCancelled()
      return exitCodes.cancelled
    }
    return exitCodeOf(printError(thrown, flags.debug))
  } finally {
    progress.close()
    interruption.close()
  }
}
