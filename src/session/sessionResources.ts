import type { FunctionSignature } from '../../catalog/function.ts'
import type { SecretValues } from '../../catalog/secret.ts'
import { createDispatcher, type Dispatcher } from '../../udf/dispatcher.ts'
import { MainExecutor } from '../../udf/executors/main.ts'
import { PoolExecutor } from '../../udf/executors/pool/pool.ts'
import { ProcessExecutor } from '../../udf/executors/process/process.ts'
import { Engine } from '../duckdb/engine.ts'
import { AuxiliaryEngines } from '../run/auxiliaryEngines.ts'
import { serveBridge } from '../run/bridge.ts'
import type { PriceOf } from '../run/callProfile.ts'
import { SessionConnections } from '../run/connections.ts'
import type { InvokeCall } from '../run/invokeCall.ts'
import { QueryRun } from '../run/queryRun.ts'
import { ScratchTables } from '../run/scratchTables.ts'
import { StageRunner } from '../run/stageRunner.ts'
import { CallMetrics } from '../telemetry/callMetrics.ts'
import { traceAttempts, traceBatches } from '../telemetry/traceCalls.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import type { ActiveRun } from './activeRun.ts'
import type { Callables } from './callables.ts'
import { SessionCalls } from './sessionCalls.ts'
import type { SessionCatalog } from './sessionCatalog.ts'
import type { SessionGroups } from './sessionGroups.ts'
import type { SessionModels } from './sessionModels.ts'
import { SessionQueries } from './sessionQueries.ts'
import type { SessionState } from './sessionState.ts'
import type { Settings } from './settings.ts'

const engineThread = new URL('../run/engineThread.js', import.meta.url)

/** What a session is made of. */
export interface ResourceOptions {
  readonly callables: Callables
  readonly database: string
  readonly settings: Settings
  readonly state: SessionState
  /** The run that the session belongs to, which owns the state then. */
  readonly run: ActiveRun | null
  readonly secrets: SecretValues
  readonly tracing: Tracing
}

/** Everything a session owns that has to be closed, made from its catalog and settings. */
export class SessionResources {
  readonly catalog: SessionCatalog
  readonly models: SessionModels
  readonly groups: SessionGroups
  readonly engine: Engine
  readonly connections: SessionConnections
  readonly scratch: ScratchTables
  readonly runner: StageRunner
  readonly calls: SessionCalls
  readonly queries: SessionQueries
  readonly state: SessionState
  readonly #options: ResourceOptions
  readonly #auxiliaries: AuxiliaryEngines
  readonly #dispatcher: Dispatcher
  readonly #signatures: FunctionSignature[]
  #relations = 0

  constructor(options: ResourceOptions) {
    const { callables, database, settings, state, run, secrets, tracing } = options
    this.#options = options
    this.state = state
    this.catalog = callables.catalog
    this.models = callables.models
    this.groups = callables.groups
    this.#dispatcher = createDispatcher({
      executors: {
        main: new MainExecutor(),
        pool: new PoolExecutor(settings.poolThreads),
        process: new ProcessExecutor(settings.poolThreads),
        onnx: callables.onnx,
        remote: callables.remote,
      },
      results: state.results,
      limits: state.limits,
      cacheLimit: settings.cacheBytes,
      memoryLimit: settings.dedupeBytes,
      aroundBatch: traceBatches,
      aroundAttempt: traceAttempts,
    })
    const calls = new SessionCalls(this.#dispatcher, secrets)
    this.calls = calls
    const invoke: InvokeCall = (site, batch, origin) => calls.invoke(site, batch, origin)
    const signatures = [...callables.known]
    this.#signatures = signatures
    const config = engineConfig(settings)
    const queries = new Map<number, QueryRun>()
    this.engine = new Engine(engineThread, { database, config, functions: signatures })
    serveBridge(this.engine, { invoke, queries })
    this.connections = new SessionConnections(this.engine, queries)
    this.scratch = new ScratchTables(this.engine)
    this.#auxiliaries = new AuxiliaryEngines({
      threadUrl: engineThread,
      config,
      functions: () => signatures,
      invoke,
    })
    this.runner = new StageRunner({
      engine: this.engine,
      connections: this.connections,
      auxiliaries: this.#auxiliaries,
      scratch: this.scratch,
      invoke,
      concurrencyOf: (call, { catalog }) => calls.concurrencyOf(call, catalog),
      openSource: (called, query) => calls.openSource(called, query),
      newRelation: () => this.newRelation(),
      engines: settings.engines,
      minPartitionedRows: settings.minPartitionedRows,
    })
    const priceOf: PriceOf = ({ function: name }) =>
      this.catalog.current.functions.get(name)?.policies.price ?? null
    const metrics = new CallMetrics(priceOf)
    this.queries = new SessionQueries({
      state,
      run,
      priceOf,
      catalog: this.catalog,
      scratch: this.scratch,
      runner: this.runner,
      observer: (called, event) => metrics.observe(called, event),
      tracing,
    })
  }

  /** Resolves when the database is open and groups can be called; throws what keeps them from that. */
  async open(): Promise<void> {
    const lease = await this.connections.leaseForStatement(new QueryRun())
    lease.release()
    await this.#options.callables.open((signature) => this.#announce(signature))
  }

  /** A name that no relation of the session has had. */
  newRelation(): string {
    return `stage_${this.#relations++}`
  }

  /** Lets SQL on every engine call one more function. */
  async #announce(signature: FunctionSignature): Promise<void> {
    this.#signatures.push(signature)
    await Promise.all([this.engine.register(signature), this.#auxiliaries.register(signature)])
  }

  async close(): Promise<void> {
    await Promise.all([this.#auxiliaries.close(), this.#dispatcher.close(), this.engine.close()])
    await this.#options.callables.close()
    if (this.#options.run === null) await this.#options.state.close()
  }
}

function engineConfig({ threads, memoryLimit }: Settings): Record<string, string> {
  return {
    threads: String(threads),
    ...(memoryLimit === null ? {} : { memory_limit: memoryLimit }),
  }
}
