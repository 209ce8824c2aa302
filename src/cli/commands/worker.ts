import { Worker } from '../../worker/worker.ts'
import type { WorkerOptions } from '../../worker/workerOptions.ts'
import { exitCodeOf, exitCodes } from '../exitCode.ts'
import { printError } from '../printError.ts'
import { withTelemetry } from '../withTelemetry.ts'
import { readTls, readToken, type SecurityFlags } from '../worker/securityFlags.ts'
import { Shutdown } from '../worker/shutdown.ts'

export interface WorkerFlags extends SecurityFlags {
  readonly functions: readonly string[]
  readonly model: readonly string[]
  readonly group?: string
  readonly state?: string
  readonly host: string
  readonly port: number
  readonly metricsPort?: number
  readonly maxConcurrent?: number
  readonly maxQueued?: number
  readonly memory?: string
  readonly coalesce?: number
  /** Seconds. */
  readonly shutdownGrace: number
  readonly parent: boolean
  readonly trace: boolean
  readonly debug: boolean
}

/** Serves until a signal asks for the end, and then answers what is in flight. */
export async function workerCommand(flags: WorkerFlags): Promise<number> {
  const shutdown = new Shutdown({ withParent: flags.parent })
  try {
    return await withTelemetry(flags, () => serve(flags, shutdown))
  } catch (error) {
    return exitCodeOf(printError(error, flags.debug))
  } finally {
    shutdown.close()
  }
}

async function serve(flags: WorkerFlags, shutdown: Shutdown): Promise<number> {
  const opening = Worker.open(await workerOptions(flags))
  const worker = await Promise.race([opening, shutdown.asked])
  if (worker === 'asked') {
    // What is being opened ends with the process.
    opening.catch(() => undefined)
    return exitCodes.done
  }
  process.stdout.write(`${describe(worker, flags)}\n`)
  await shutdown.asked
  await worker.drain(flags.shutdownGrace * 1000)
  return exitCodes.done
}

async function workerOptions(flags: WorkerFlags): Promise<WorkerOptions> {
  return {
    functions: flags.functions,
    models: flags.model,
    group: flags.group,
    stateDirectory: flags.state ?? '.callplane',
    host: flags.host,
    port: flags.port,
    tls: readTls(flags),
    token: await readToken(flags),
    insecure: flags.insecure,
    maxConcurrentCalls: flags.maxConcurrent,
    maxQueuedCalls: flags.maxQueued,
    memoryLimit: flags.memory,
    metricsPort: flags.metricsPort,
    coalesce: flags.coalesce,
    log: (line) => void process.stderr.write(`${line}\n`),
  }
}

function describe(worker: Worker, { tlsCert }: WorkerFlags): string {
  const names = [...worker.functions].toSorted().join(', ')
  const security = tlsCert === undefined ? '' : ' with TLS'
  const metrics =
    worker.metricsPort === null ? '' : `; metrics at http://${worker.host}:${worker.metricsPort}/metrics`
  return `callplane worker listens on ${worker.endpoint}${security} and serves ${names}${metrics}`
}
