import type { RegisteredFunction } from '../../catalog/registerFunction.ts'
import type { Batch } from '../../src/arrow/column.ts'
import { createChannel } from '../../src/protocol/client.ts'
import { Health } from '../../src/protocol/generated/grpc/health/v1/health_pb.ts'
import { type CallHandler, GrpcServer } from '../../src/protocol/server.ts'
import { WorkerMetrics } from '../../src/telemetry/workerMetrics.ts'
import { Admission } from '../../src/worker/admission.ts'
import { FunctionCalls } from '../../src/worker/functionCalls.ts'
import { WorkerHealth } from '../../src/worker/health.ts'
import { serveCalls } from '../../src/worker/serveCalls.ts'
import { createDispatcher } from '../../udf/dispatcher.ts'
import type { CallResult, Executor, InvokeContext } from '../../udf/executor.ts'
import { MainExecutor } from '../../udf/executors/main.ts'
import { RemoteExecutor } from '../../udf/executors/remote/remote.ts'
import { type Fault, FaultProxy } from './faultProxy.ts'
import { atGroup, groupAt, TestReplicas } from './replicas.ts'

/** A server of the protocol on a free port of this machine. */
export class TestServer {
  readonly endpoint: string
  readonly #server: GrpcServer

  private constructor(server: GrpcServer, port: number) {
    this.#server = server
    this.endpoint = `127.0.0.1:${port}`
  }

  static async open(handler: CallHandler): Promise<TestServer> {
    const server = new GrpcServer({
      tls: null,
      token: null,
      maxConcurrentStreams: 1000,
      maxRequestBytes: null,
    })
    server.serveCalls(handler)
    server.serve(Health, new WorkerHealth([]).handlers, { open: true })
    return new TestServer(server, await server.listen('127.0.0.1', 0))
  }

  close(): void {
    this.#server.close()
  }
}

/** What a worker does that hosts these functions, in the thread that it lives in. */
export function hosting(functions: readonly RegisteredFunction[]): CallHandler {
  const hosted = functions.map(
    ({ signature, definition }): RegisteredFunction => ({
      signature: { ...signature, executor: 'main' },
      definition,
    }),
  )
  const dispatcher = createDispatcher({ executors: { main: new MainExecutor() } })
  return serveCalls({
    calls: new FunctionCalls({ hosted, dispatcher, secrets: {}, coalesce: 0 }),
    admission: new Admission({
      maxConcurrentCalls: 1000,
      maxQueuedCalls: 1000,
      memoryLimit: null,
      onWait: () => () => {},
    }),
    metrics: new WorkerMetrics(),
    observer: () => {},
    hiddenHeaders: new Set(),
  })
}

/** Calls functions at two workers in this process that host them, each behind a proxy that spoils the connections as a test says. */
export class FixtureExecutor implements Executor {
  readonly name = 'remote'
  readonly #functions: readonly RegisteredFunction[]
  readonly #fault: Fault
  #opened: Promise<Opened> | null = null

  constructor(functions: readonly RegisteredFunction[], fault: Fault = { kind: 'none' }) {
    this.#functions = functions
    this.#fault = fault
  }

  get proxies(): Promise<readonly FaultProxy[]> {
    return this.#opened!.then(({ proxies }) => proxies)
  }

  concurrencyOf(): number {
    return 10
  }

  async open(): Promise<void> {
    this.#opened ??= openFixtures(this.#functions, this.#fault)
    await this.#opened
  }

  readonly invoke = async (
    registered: RegisteredFunction,
    batch: Batch,
    context: InvokeContext,
  ): Promise<CallResult> => {
    const { remote, group } = await this.#opened!
    return remote.invoke(atGroup(registered, group), batch, context)
  }

  async *stream(
    registered: RegisteredFunction,
    args: readonly unknown[],
    context: InvokeContext,
  ): AsyncGenerator<unknown, void, undefined> {
    const { remote, group } = await this.#opened!
    yield* remote.stream(atGroup(registered, group), args, context)
  }

  async close(): Promise<void> {
    if (this.#opened === null) return
    const { remote, replicas, proxies, servers } = await this.#opened
    await remote.close()
    await replicas.close()
    await Promise.all(proxies.map((proxy) => proxy.close()))
    for (const server of servers) server.close()
  }
}

type Opened = Awaited<ReturnType<typeof openFixtures>>

async function openFixtures(functions: readonly RegisteredFunction[], fault: Fault) {
  const servers = [await TestServer.open(hosting(functions)), await TestServer.open(hosting(functions))]
  const proxies = await Promise.all(servers.map(({ endpoint }) => FaultProxy.open(endpoint)))
  for (const proxy of proxies) proxy.fault = fault
  const group = groupAt(proxies.map(({ endpoint }) => endpoint))
  const channels = proxies.map(({ endpoint }) =>
    createChannel({ endpoint, tls: null, token: null, keepalive }),
  )
  const replicas = new TestReplicas(group, channels, 16)
  return { remote: new RemoteExecutor({ replicasOf: () => replicas }), group, replicas, proxies, servers }
}

/** Connections that answer nothing are given up soon. */
const keepalive = { period: 200, timeout: 300 }
