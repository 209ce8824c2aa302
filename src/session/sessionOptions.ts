import type { DefinitionSource } from '../../catalog/loadModules.ts'
import type { SecretValues } from '../../catalog/secret.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import type { SessionSettings } from './settings.ts'

export interface SessionOptions {
  /** Definitions, or paths, file URLs or globs of modules that export some. */
  readonly functions?: readonly DefinitionSource[]
  /** A database file of DuckDB; default ':memory:'. */
  readonly database?: string
  readonly settings?: SessionSettings
  /**
   * Directory of what outlives the session: the cache, limits that processes share by key, runs and dead letters. It is made with
   * the first of them. Default `'.callplane'`; null keeps them in memory.
   */
  readonly state?: string | null
  /** Values of secrets that handlers ask for; others come from the environment. */
  readonly secrets?: SecretValues
  /**
   * Whether queries are traced with the OpenTelemetry SDK of the process: all, none, or a share of them. Default: only within a
   * span of the caller.
   */
  readonly tracing?: Tracing
  /** Directory of relative paths; default the working directory. */
  readonly baseDirectory?: string
}
