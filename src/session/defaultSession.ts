import { setDefaultRunner } from '../../dataframe/defaultRunner.ts'
import { readConfiguration } from './configuration.ts'
import { Session, type SessionOptions } from './session.ts'

let opened: Promise<Session> | null = null
let configured: SessionOptions | null = null

/** The session of `DataFrame.scan`, opened with its first use as `callplane.config.ts` (or .js, .json) here says. */
export async function defaultSession(): Promise<Session> {
  opened ??= openDefault()
  return opened
}

/** Options that the default session is opened with instead of those of the configuration file. */
export function configureDefaultSession(options: SessionOptions): void {
  configured = options
}

async function openDefault(): Promise<Session> {
  return Session.open(configured ?? (await readConfiguration(process.cwd())))
}

/** Closes the default session, if it was opened; the next use opens another. */
export async function closeDefaultSession(): Promise<void> {
  const session = opened
  opened = null
  await (await session)?.close()
}

/** Lets DataFrames that belong to no session run in the default one. */
export function serveDataFrames(): void {
  setDefaultRunner(async () => (await defaultSession()).runner)
}
