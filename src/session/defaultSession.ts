import type { ModelDeployment, ModelVersion } from '../../catalog/models/model.ts'
import type { DeployOptions, RegisterModelOptions } from '../../catalog/models/modelRegistry.ts'
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

/** Keeps a version of a model in the state of the default session; see `session.models`. */
export async function registerModelVersion(options: RegisterModelOptions): Promise<ModelVersion> {
  return (await defaultSession()).models.registerModelVersion(options)
}

/** Lets `model.<group>` stand for a version in the default session; see `session.models`. */
export async function deployModel(options: DeployOptions): Promise<ModelDeployment> {
  return (await defaultSession()).models.deployModel(options)
}

/** Lets DataFrames that belong to no session run in the default one. */
export function serveDataFrames(): void {
  setDefaultRunner(async () => (await defaultSession()).runner)
}
