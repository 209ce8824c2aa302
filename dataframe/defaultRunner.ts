import { EngineError } from '../src/base/errors.ts'
import type { PlanRunner, RunnerProvider } from './planRunner.ts'

let provider: RunnerProvider | null = null

/** Says who runs DataFrames that belong to no session. */
export function setDefaultRunner(runner: RunnerProvider): void {
  provider = runner
}

/** The default runner when a query is run, not when it is built. */
export async function defaultRunner(): Promise<PlanRunner> {
  if (provider !== null) return provider()
  throw new EngineError('INTERNAL', 'no session can run this DataFrame: setDefaultRunner was not called')
}
