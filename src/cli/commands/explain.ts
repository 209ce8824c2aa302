import type { OutputFlags, SessionFlags } from '../flags.ts'
import { withOutput } from '../output.ts'
import { type QueryFlags, readQuery } from '../readQuery.ts'
import { runCommand } from '../runCommand.ts'
import { withSession } from '../withSession.ts'
import { withTelemetry } from '../withTelemetry.ts'

export interface ExplainFlags extends SessionFlags, OutputFlags, QueryFlags {
  readonly analyze: boolean
}

/** Prints the plan of a query. */
export async function explainCommand(query: string | undefined, flags: ExplainFlags): Promise<number> {
  return runCommand(flags, async ({ signal, progress }) => {
    const text = await readQuery(query, flags)
    await withTelemetry(flags, () =>
      withSession(flags, async (session) => {
        const plan = await session.explain(text, {
          analyze: flags.analyze,
          signal,
          onProgress: (latest) => progress.update(latest),
        })
        await withOutput(flags, progress, (output) => output.write(`${plan.trimEnd()}\n`))
      }),
    )
  })
}
