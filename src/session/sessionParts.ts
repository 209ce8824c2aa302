import { resolve } from 'node:path'
import { loadDefinitions } from '../../catalog/loadModules.ts'
import { checkTracing } from '../telemetry/tracing.ts'
import { ambientRun } from './ambientRun.ts'
import { Callables } from './callables.ts'
import { MemorySources } from './memorySources.ts'
import { PlanService } from './planService.ts'
import type { SessionOptions } from './sessionOptions.ts'
import { SessionResources } from './sessionResources.ts'
import { SessionRunner } from './sessionRunner.ts'
import { SessionState } from './sessionState.ts'
import { readSettings } from './settings.ts'
import { StatementService } from './statementService.ts'

/** What does the work of a session. */
export interface SessionParts {
  readonly resources: SessionResources
  readonly statements: StatementService
  readonly runner: SessionRunner
}

/** Loads the functions and opens the database; throws what is wrong with either. */
export async function openParts(options: SessionOptions): Promise<SessionParts> {
  const settings = readSettings(options.settings)
  const { functions = [], database = ':memory:', baseDirectory = process.cwd() } = options
  const ambient = ambientRun()
  const { state: directory = '.callplane', secrets = {} } = options
  const tracing = checkTracing(options.tracing)
  const definitions = await loadDefinitions(functions, baseDirectory)
  const state =
    ambient?.state ?? new SessionState(directory === null ? null : resolve(baseDirectory, directory))
  const own = { settings, state, secrets }
  const resources = new SessionResources({
    ...own,
    callables: await Callables.create({ ...own, definitions, baseDirectory, releaseMemory }),
    database: database === ':memory:' ? database : resolve(baseDirectory, database),
    run: ambient?.run ?? null,
    tracing,
  })
  try {
    await resources.open()
  } catch (error) {
    await resources.close()
    throw error
  }
  const plans = new PlanService(resources, settings)
  return {
    resources,
    statements: new StatementService(resources, plans),
    runner: new SessionRunner(resources, plans, new MemorySources(resources)),
  }
}

/** Loads DuckDB in this thread where models come and go, and not before. */
async function releaseMemory(): Promise<void> {
  const memory = await import('../duckdb/releaseMemory.ts')
  await memory.releaseMemory()
}
