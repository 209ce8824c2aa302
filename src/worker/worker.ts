import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { CallObserver } from '../../udf/callEvents.ts'
import { createDispatcher, type Dispatcher } from '../../udf/dispatcher.ts'
import { MainExecutor } from '../../udf/executors/main.ts'
import { OnnxExecutor } from '../../udf/executors/onnx/onnx.ts'
import { PoolExecutor } from '../../udf/executors/pool/pool.ts'
import { ProcessExecutor } from '../../udf/executors/process/process.ts'
import { decodePayload, encodePayload } from '../arrow/ipcPayload.ts'
import { Cancellation } from '../base/cancellation.ts'
import { Health } from '../protocol/generated/grpc/health/v1/health_pb.ts'
import { RemoteCallService } from '../protocol/generated/remote_call_pb.ts'
import { serveReflection } from '../protocol/reflection.ts'
import { GrpcServer } from '../protocol/server.ts'
import { SessionState } from '../session/sessionState.ts'
import { CallMetrics } from '../telemetry/callMetrics.ts'
import type { PrometheusEndpoint } from '../telemetry/prometheus.ts'
import { traceAttempts, traceBatches } from '../telemetry/traceCalls.ts'
import { WorkerMetrics } from '../telemetry/workerMetrics.ts'
import { Admission } from './admission.ts'
import { CallRun } from './callRun.ts'
import { FunctionCalls } from './functionCalls.ts'
import { WorkerHealth } from './health.ts'
import { loadHosted } from './hostedFunctions.ts'
import { logLine } from './logLine.ts'
import { serveCalls } from './serveCalls.ts'
import { readWorkerOptions, type WorkerOptions, type WorkerSettings } from './workerOptions.ts'

/** Streams of one connection at once, beyond those that wait for a place: health, reflection, calls that are to be refused. */
const STREAMS_MORE = 1024

/** Serves functions and models over gRPC, to sessions and to whoever else speaks the protocol. */
export class Worker {
  /** Names of what can be called. */
  readonly functions: readonly string[]
  readonly host: string
  readonly #parts: WorkerParts
  readonly #settings: WorkerSettings
  #port = 0
  #closing: Promise<void> | null = null

  private constructor(settings: WorkerSettings, parts: WorkerParts) {
    this.#settings = settings
    this.#parts = parts
    this.host = settings.host
    this.functions = parts.calls.names
  }

  /**
   * Loads the functions, calls the `onStartup` of those that have one, and listens. Throws CONFIG_INVALID, MODULE_LOAD_FAILED,
   * MODEL_UNKNOWN, SECRET_MISSING, FUNCTION_FAILED for an `onStartup` that fails, and IO_FAILED for an address that is taken.
   */
  static async open(options: WorkerOptions): Promise<Worker> {
    const settings = readWorkerOptions(options)
    const { stateDirectory = null, baseDirectory = process.cwd() } = options
    const state = new SessionState(stateDirectory === null ? null : resolve(baseDirectory, stateDirectory))
    try {
      const hosted = await loadHosted(options, state)
      const worker = new Worker(settings, await openParts(options, { settings, state, hosted }))
      try {
        await worker.#start(hosted)
        return worker
      } catch (error) {
        await worker.close()
        throw error
      }
    } catch (error) {
      await state.close()
      throw error
    }
  }

  /** Where it listens. */
  get port(): number {
    return this.#port
  }

  /** `host:port`. */
  get endpoint(): string {
    return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.#port}`
  }

  /** Where `/metrics` is answered; null for nowhere. */
  get metricsPort(): number | null {
    return this.#parts.prometheus?.port ?? null
  }

  /**
   * Takes no more calls, answers those in flight, cancels what is left after so many milliseconds, and closes. Whoever asks for its
   * health is told meanwhile that it does not serve.
   */
  async drain(graceMs: number): Promise<void> {
    this.#parts.health.stopServing()
    await this.#parts.server.drain(graceMs)
    await this.close()
  }

  /** Ends all calls, calls the `onShutdown` of functions that have one, and gives back every resource. */
  async close(): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #start(hosted: readonly RegisteredFunction[]): Promise<void> {
    const { calls, server, onnx } = this.#parts
    await Promise.all(
      hosted.map(async ({ signature }) => {
        if (signature.model !== null) await onnx.prepare(signature.model)
        if (signature.stateful) await calls.start(signature, startupCall())
      }),
    )
    loadArrow()
    this.#port = await server.listen(this.#settings.host, this.#settings.port)
  }

  async #close(): Promise<void> {
    const { health, server, calls, dispatcher, prometheus, state } = this.#parts
    health.stopServing()
    server.close()
    await calls.close()
    await dispatcher.close()
    await prometheus?.close()
    await state.close()
  }
}

interface WorkerParts {
  readonly server: GrpcServer
  readonly health: WorkerHealth
  readonly dispatcher: Dispatcher
  readonly onnx: OnnxExecutor
  readonly calls: FunctionCalls
  readonly prometheus: PrometheusEndpoint | null
  readonly state: SessionState
}

interface Loaded {
  readonly settings: WorkerSettings
  readonly state: SessionState
  readonly hosted: readonly RegisteredFunction[]
}

async function openParts(options: WorkerOptions, { settings, state, hosted }: Loaded): Promise<WorkerParts> {
  const { tls, token } = settings
  const server = new GrpcServer({
    tls: tls === null ? null : { ca: tls.clientCa ?? null, cert: tls.cert, key: tls.key, serverName: null },
    token,
    maxConcurrentStreams: settings.maxConcurrentCalls + settings.maxQueuedCalls + STREAMS_MORE,
    maxRequestBytes: settings.memoryLimit === null ? null : Math.floor(settings.memoryLimit / 2),
  })
  const onnx = new OnnxExecutor()
  const dispatcher = openDispatcher(options, { onnx, state })
  const calls = new FunctionCalls({
    hosted,
    dispatcher,
    secrets: options.secrets ?? {},
    coalesce: settings.coalesce,
  })
  const prometheus = await openPrometheus(settings)
  const metrics = new WorkerMetrics(prometheus?.meter)
  const admission = new Admission({ ...settings, onWait: () => metrics.wait() })
  const health = new WorkerHealth([RemoteCallService.typeName])
  const observer = observe(new CallMetrics(undefined, prometheus?.meter), options.log)
  server.serveCalls(
    serveCalls({ calls, admission, metrics, observer, hiddenHeaders: hiddenHeaders(settings) }),
  )
  server.serve(Health, health.handlers, { open: true })
  serveReflection(server, [RemoteCallService, Health])
  return { server, health, dispatcher, onnx, calls, prometheus, state }
}

function openDispatcher(
  { poolThreads = availableParallelism() }: WorkerOptions,
  { onnx, state }: { readonly onnx: OnnxExecutor; readonly state: SessionState },
): Dispatcher {
  return createDispatcher({
    executors: {
      main: new MainExecutor(),
      pool: new PoolExecutor(poolThreads),
      process: new ProcessExecutor(poolThreads),
      onnx,
    },
    ...(state.directory === null ? {} : { results: state.results, limits: state.limits }),
    aroundBatch: traceBatches,
    aroundAttempt: traceAttempts,
  })
}

/** Its libraries are loaded only where somebody asks for them. */
async function openPrometheus({ host, metricsPort }: WorkerSettings): Promise<PrometheusEndpoint | null> {
  if (metricsPort === null) return null
  const { PrometheusEndpoint: Endpoint } = await import('../telemetry/prometheus.ts')
  return Endpoint.open({ host, port: metricsPort })
}

function observe(metrics: CallMetrics, log: WorkerOptions['log']): CallObserver {
  if (log === undefined) return metrics.observe
  return (called, event) => {
    metrics.observe(called, event)
    if (event.kind === 'log') log(logLine(called, event))
  }
}

/** What belongs to the connection is none of a handler's business; a trace would keep calls from sharing batches. */
function hiddenHeaders({ token, coalesce }: WorkerSettings): ReadonlySet<string> {
  return new Set([
    ...(token === null ? [] : ['authorization']),
    ...(coalesce === 0 ? [] : ['traceparent', 'tracestate']),
  ])
}

/** What decodes requests is loaded when it is first needed, which the first call should not have to wait for. */
function loadArrow(): void {
  decodePayload(null, encodePayload([], { length: 0, columns: [] }), { maxRows: 0 })
}

function startupCall(): Parameters<FunctionCalls['start']>[1] {
  return {
    signal: new Cancellation(),
    deadline: null,
    metadata: {},
    trace: null,
    context: null,
    run: new CallRun(),
    observer: () => {},
  }
}
