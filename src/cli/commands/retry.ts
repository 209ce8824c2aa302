import { isRunning } from '../../../catalog/store/runProcess.ts'
import { EngineError } from '../../base/errors.ts'
import { formatCounted } from '../../run/profile/formatFigures.ts'
import { deadLetterFiles } from '../deadLetters/deadLetterFiles.ts'
import { type Retried, retryLetters } from '../deadLetters/retryLetters.ts'
import { exitCodes } from '../exitCode.ts'
import type { BudgetFlags, SessionFlags } from '../flags.ts'
import { withState } from '../openState.ts'
import { budgetOf } from '../recordedRun.ts'
import { runCommand } from '../runCommand.ts'
import { sessionOptions } from '../sessionOptions.ts'
import { withOpenSession } from '../withSession.ts'
import { withTelemetry } from '../withTelemetry.ts'
import { findRun } from './runs.ts'

export interface RetryFlags extends SessionFlags, BudgetFlags {}

/** Calls again what failed in a run. What succeeds is written to files beside its dead letters, which lose it. */
export async function retryCommand(wanted: string, flags: RetryFlags): Promise<number> {
  return runCommand(flags, async ({ signal, progress }) => {
    const options = await sessionOptions(flags)
    const { directory, files } = await withState(options, async (state) => {
      const run = await findRun(state, wanted)
      if (isRunning(run)) {
        throw new EngineError(
          'RUN_INVALID',
          `run '${wanted}' is going on: its dead letters are not all there`,
          {
            hint: 'retry it when it has ended',
          },
        )
      }
      return { directory: state.runDirectory(run.id), files: await deadLetterFiles(state, run.id) }
    })
    if (files.length === 0) {
      process.stdout.write('no dead letters: there is nothing to call again\n')
      return exitCodes.done
    }
    const budget = budgetOf(flags)
    const retried = await withTelemetry(flags, () =>
      withOpenSession({ ...options, database: ':memory:' }, (session) =>
        retryLetters(
          session,
          { directory, files },
          {
            signal,
            onProgress: (latest) => progress.update(latest),
            ...(budget === null ? {} : { budget }),
          },
        ),
      ),
    )
    progress.close()
    process.stdout.write(`${retried.map(describeRetried).join('\n')}\n`)
    return retried.some(({ failed }) => failed > 0) ? exitCodes.errorRows : exitCodes.done
  })
}

/** `picky: 3 rows succeeded, 1 row failed again; results in …` */
function describeRetried({ function: name, succeeded, failed, path }: Retried): string {
  const left = failed === 0 ? '' : `, ${formatCounted(failed, 'row')} failed again`
  return `${name}: ${formatCounted(succeeded, 'row')} succeeded${left}; results in ${path}`
}
