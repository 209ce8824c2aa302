import type { FigureOptions } from '../figure.ts'
import { secondsOf } from '../measure.ts'
import { withSession } from '../openSession.ts'
import { stagedSettings, writeUpper } from '../workloads/upper.ts'

export interface UpperRequest extends FigureOptions {
  readonly input: string
  readonly output: string
}

/** Seconds that the staged upper(memo) takes, in a process that does nothing else. */
export async function task({ input, output }: UpperRequest): Promise<number> {
  return withSession(stagedSettings, (session) =>
    secondsOf({ run: () => writeUpper(session, input, output) }),
  )
}
