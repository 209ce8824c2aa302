import type { Result } from '../../session/result.ts'
import type { QueryOptions, SessionOptions } from '../../session/session.ts'
import { exitCodes } from '../exitCode.ts'
import { describeFailedRows, describeRetry } from '../failedRows.ts'
import type { ResultFlags, RunFlags, SessionFlags } from '../flags.ts'
import { withState } from '../openState.ts'
import { chooseFormat } from '../outputFormat.ts'
import { type QueryFlags, readQuery } from '../readQuery.ts'
import { budgetOf, isRecorded, withRun } from '../recordedRun.ts'
import { type CommandContext, runCommand } from '../runCommand.ts'
import { describeSample } from '../sample/describeSample.ts'
import { type Sample, sampleQuery } from '../sample/sampleQuery.ts'
import { sessionOptions } from '../sessionOptions.ts'
import { withOpenSession } from '../withSession.ts'
import { withTelemetry } from '../withTelemetry.ts'
import { type Written, writeResult } from '../writeResult.ts'

export interface SqlFlags extends SessionFlags, ResultFlags, QueryFlags, RunFlags {
  /** Rows of the result to try before all are computed. */
  readonly sample?: number
  /** Goes on after the sample. */
  readonly yes: boolean
}

/** Runs statements and prints, or writes, the rows of the last one. */
export async function sqlCommand(query: string | undefined, flags: SqlFlags): Promise<number> {
  return runCommand(flags, async (context) => {
    // What is wrong with the command line is said before anything is begun.
    chooseFormat(flags, process.stdout.isTTY)
    const options = await sessionOptions(flags)
    const text = await textOf(query, flags, options)
    const command = new SqlCommand({ text, flags, options, context })
    return withTelemetry(flags, () => command.run())
  })
}

/** What is resumed by its name or id need not be given again. */
async function textOf(query: string | undefined, flags: SqlFlags, options: SessionOptions): Promise<string> {
  const { name, resume } = flags
  if (resume && name !== undefined && query === undefined && flags.file === undefined) {
    const run = await withState(options, (state) => state.runs.get(name))
    if (run !== null) return run.source
  }
  return readQuery(query, flags)
}

interface SqlCommandOptions {
  readonly text: string
  readonly flags: SqlFlags
  readonly options: SessionOptions
  readonly context: CommandContext
}

class SqlCommand {
  readonly #given: SqlCommandOptions

  constructor(given: SqlCommandOptions) {
    this.#given = given
  }

  async run(): Promise<number> {
    const { text, flags, options } = this.#given
    if (flags.sample !== undefined && !(await this.#sample(flags.sample))) return exitCodes.done
    if (!isRecorded(flags)) return (await this.#write()).code
    return withRun({ options, flags }, { source: text, text }, async (recorded) => {
      const { rows, code } = await this.#write()
      recorded?.run.addRows(rows)
      return code
    })
  }

  /** Answers whether the rest is wanted. */
  async #sample(rows: number): Promise<boolean> {
    const { text, flags, options, context } = this.#given
    const sampling = (): Promise<Sample> =>
      withOpenSession(options, (session) => sampleQuery(session, { text, rows }, this.#queryOptions()))
    // Recorded calls are kept one by one: a sample that is to tell of them is a run too, but another one.
    const asRun = { options, flags: { ...flags, name: undefined, resume: false } }
    const sample = isRecorded(flags)
      ? await withRun(asRun, { source: `sample of ${text}`, text }, sampling)
      : await sampling()
    context.progress.close()
    process.stderr.write(`${describeSample(sample).join('\n')}\n`)
    if (!flags.yes) process.stderr.write('nothing else was run; add --yes to go on after the sample\n')
    return flags.yes
  }

  async #write(): Promise<{ readonly rows: number; readonly code: number }> {
    const { text, flags, options, context } = this.#given
    const { result, rows } = await withOpenSession(options, (session) =>
      writeResult({ session, text, flags, context }, this.#queryOptions()),
    )
    return { rows, code: this.#outcomeOf(result) }
  }

  #outcomeOf(result: Written['result']): number {
    if (result.failedRows === 0) return exitCodes.done
    this.#given.context.progress.close()
    process.stderr.write(`${describeFailures(result).join('\n')}\n`)
    return exitCodes.errorRows
  }

  #queryOptions(): QueryOptions {
    const { flags, context } = this.#given
    const budget = budgetOf(flags)
    return {
      signal: context.signal,
      onProgress: (latest) => context.progress.update(latest),
      // A run has its budget for all of its queries.
      ...(budget === null || isRecorded(flags) ? {} : { budget }),
    }
  }
}

function describeFailures({ profile, deadLetterRun }: Result): readonly string[] {
  return [...describeFailedRows(profile), ...(deadLetterRun === null ? [] : [describeRetry(deadLetterRun)])]
}
