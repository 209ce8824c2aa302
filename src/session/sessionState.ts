import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { GroupStore } from '../../catalog/store/groupStore.ts'
import { openStateStore } from '../../catalog/store/libsqlStore.ts'
import type { ModelStore } from '../../catalog/store/modelStore.ts'
import type {
  FunctionHistory,
  LimitStore,
  ResultStore,
  RunStore,
  StateStore,
} from '../../catalog/store/stateStore.ts'
import { EngineError, messageOf } from '../base/errors.ts'

const stateFile = 'state.db'

/** What outlives a session: models, caches, limits that processes share, runs and their journals. Opened with its first use. */
export class SessionState {
  /** Null where nothing outlives the process. */
  readonly directory: string | null
  readonly limits: LimitStore
  readonly results: ResultStore
  readonly runs: RunStore
  #opened: Promise<StateStore> | null = null

  constructor(directory: string | null) {
    this.directory = directory
    const store = (): Promise<StateStore> => this.#open()
    this.limits = lazyLimits(store)
    this.results = lazyResults(store)
    this.runs = lazyRuns(store)
  }

  /** Whether something was kept or asked for. */
  get isOpen(): boolean {
    return this.#opened !== null
  }

  /** Where a run keeps its files. Throws CONFIG_INVALID where nothing is kept. */
  runDirectory(run: string): string {
    if (this.directory !== null) return join(this.directory, 'runs', run)
    throw new EngineError(
      'CONFIG_INVALID',
      'runs and dead letters need a place, but this session keeps no state',
      {
        hint: "open the session with state: '.callplane', or another directory",
      },
    )
  }

  /** What earlier runs taught about a function; null if there were none, and nothing is made to find that out. */
  async history(name: string, version: number): Promise<FunctionHistory | null> {
    const isThere = this.isOpen || (this.directory !== null && existsSync(join(this.directory, stateFile)))
    return isThere ? this.runs.history(name, version) : null
  }

  async models(): Promise<ModelStore> {
    return (await this.#open()).models
  }

  async groups(): Promise<GroupStore> {
    return (await this.#open()).groups
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    // That it could not be opened is known to whoever asked for it.
    const store = await opened?.catch(() => null)
    await store?.close()
  }

  #open(): Promise<StateStore> {
    this.#opened ??= openStore(this.directory)
    return this.#opened
  }
}

async function openStore(directory: string | null): Promise<StateStore> {
  if (directory === null) return openStateStore(':memory:')
  try {
    await mkdir(directory, { recursive: true })
  } catch (error) {
    throw new EngineError(
      'STORE_FAILED',
      `cannot make the directory of the state ${directory}: ${messageOf(error)}`,
      { path: directory },
      error,
    )
  }
  return openStateStore(join(directory, stateFile))
}

type Opener = () => Promise<StateStore>

function lazyLimits(open: Opener): LimitStore {
  return {
    takeToken: async (key, limit, now) => (await open()).limits.takeToken(key, limit, now),
    acquire: async (...asked) => (await open()).limits.acquire(...asked),
    renew: async (lease, leaseMs, now) => (await open()).limits.renew(lease, leaseMs, now),
    release: async (lease) => (await open()).limits.release(lease),
  }
}

function lazyResults(open: Opener): ResultStore {
  return {
    find: async (keys, from) => (await open()).results.find(keys, from),
    read: async (segment) => (await open()).results.read(segment),
    add: async (segment, keys) => (await open()).results.add(segment, keys),
    evict: async (maxBytes, notBefore) => (await open()).results.evict(maxBytes, notBefore),
    forgetRun: async (run) => (await open()).results.forgetRun(run),
    bytes: async () => (await open()).results.bytes(),
  }
}

function lazyRuns(open: Opener): RunStore {
  return {
    put: async (run) => (await open()).runs.put(run),
    get: async (idOrName) => (await open()).runs.get(idOrName),
    claim: async (id) => (await open()).runs.claim(id),
    list: async (limit) => (await open()).runs.list(limit),
    learn: async (figures) => (await open()).runs.learn(figures),
    history: async (name, version) => (await open()).runs.history(name, version),
  }
}
