import { availableParallelism } from 'node:os'
import { EngineError } from '../base/errors.ts'
import { suggestNames } from '../base/suggest.ts'
import type { Route } from '../stage/stage.ts'

export interface Settings {
  /** Forces a route on every call, for tests; a call that cannot take it is an error. Null lets the planner choose. */
  readonly route: Route | null
  /** Whether plans are optimized; without it calls are made where they were written. Default true. */
  readonly optimize: boolean
  /** Threads of DuckDB in the session's engine. Default: the machine's cores. */
  readonly threads: number
  /** Engines that share a large scan. Default: the machine's cores. */
  readonly engines: number
  /** Threads for synchronous functions that are staged. Default: the machine's cores. */
  readonly poolThreads: number
  /** Rows of a scan from which several engines are worth their start. Default 250,000. */
  readonly minPartitionedRows: number
  /** Rows of a result's record batches. Default 8,192. */
  readonly batchRows: number
  /** Bytes of results that the cache keeps, those used last. Default 1 GiB. */
  readonly cacheBytes: number
  /** Bytes of memory that a query may take to remember results of equal inputs, beyond which they go to disk. Default 256 MiB. */
  readonly dedupeBytes: number
  /** Sessions of models that are loaded at once; the one used least recently makes room. Default 8, or the machine's cores if more. */
  readonly modelSessions: number
  /** Memory of all sessions of models that are loaded, such as '4GB'. Null for any. */
  readonly modelMemory: string | null
  /** DuckDB's memory limit for each engine, such as '4GB'. Null leaves it to DuckDB. */
  readonly memoryLimit: string | null
}

/** Settings of a session as they may be given; each has a default. */
export type SessionSettings = { readonly [Name in keyof Settings]?: Settings[Name] | undefined }

/** Sessions of models at once, where the machine has no more cores. */
const MODEL_SESSIONS = 8

const routes: readonly unknown[] = ['fused', 'staged', 'bridged'] satisfies Route[]

interface Check {
  readonly takes: string
  accepts(value: unknown): boolean
}

const count: Check = {
  takes: 'a whole number from 1',
  accepts: (value) => Number.isInteger(value) && Number(value) >= 1,
}
const size: Check = {
  takes: "a size such as '4GB'",
  accepts: (value) => typeof value === 'string' && /^\d+(\.\d+)?\s*[KMGT]i?B$/i.test(value),
}
const checks: Readonly<Record<keyof Settings, Check>> = {
  route: { takes: routes.join(', '), accepts: (value) => routes.includes(value) },
  optimize: { takes: 'true or false', accepts: (value) => typeof value === 'boolean' },
  threads: count,
  engines: count,
  poolThreads: count,
  minPartitionedRows: {
    takes: 'a whole number from 0',
    accepts: (value) => Number.isInteger(value) && Number(value) >= 0,
  },
  batchRows: count,
  cacheBytes: count,
  dedupeBytes: count,
  modelSessions: count,
  modelMemory: size,
  memoryLimit: size,
}

/** Throws CONFIG_INVALID that names the setting and what it takes. */
export function readSettings(given: SessionSettings = {}): Settings {
  for (const [name, value] of Object.entries(given)) {
    const check = Object.entries(checks).find(([known]) => known === name)?.[1]
    if (check === undefined) {
      const suggestion = suggestNames(name, Object.keys(checks), 'the settings')
      throw new EngineError('CONFIG_INVALID', `unknown setting '${name}': ${suggestion}`)
    }
    if (value === undefined || value === null || check.accepts(value)) continue
    throw new EngineError(
      'CONFIG_INVALID',
      `setting '${name}' takes ${check.takes}, got ${JSON.stringify(value)}`,
    )
  }
  const cores = availableParallelism()
  return {
    route: given.route ?? null,
    optimize: given.optimize ?? true,
    threads: given.threads ?? cores,
    engines: given.engines ?? cores,
    poolThreads: given.poolThreads ?? cores,
    minPartitionedRows: given.minPartitionedRows ?? 250_000,
    batchRows: given.batchRows ?? 8192,
    cacheBytes: given.cacheBytes ?? 1 << 30,
    dedupeBytes: given.dedupeBytes ?? 256 << 20,
    modelSessions: given.modelSessions ?? Math.max(MODEL_SESSIONS, cores),
    modelMemory: given.modelMemory ?? null,
    memoryLimit: given.memoryLimit ?? null,
  }
}
