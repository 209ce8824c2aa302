import { ScalingGroup, type ScalingGroupDefinition } from 'callplane'
import { missingWorker, pythonWorker } from '../../test/interop/pythonWorker.ts'
import { ownWorker, WorkerProcess } from '../../test/interop/workerProcess.ts'

const folder = new URL('../remote/', import.meta.url).pathname

/** Path of a module of `remote/`, whose functions workers host. */
export function remoteModule(name: string): string {
  return `${folder}${name}.ts`
}

/** The group of the functions of `remote/wait.ts`, which keeps so many replicas. */
export function waitingGroup(replicas: number, callsAtOnce: number): ScalingGroupDefinition {
  return ScalingGroup({
    name: 'waiting',
    minReplicas: replicas,
    maxReplicas: replicas,
    maxConcurrentRequests: callsAtOnce,
  })
}

/** The group `model.<name>` of workers that take a text and give one. */
export function textGroup(name: string, endpoint: string): ScalingGroupDefinition {
  return ScalingGroup({
    name,
    endpoints: endpoint,
    input: { text: 'VARCHAR' },
    output: 'VARCHAR',
    dedupe: false,
    batching: { maxBatchingSize: 8192 },
  })
}

/** Starts a worker of ours with the functions of a module, in a process of its own, and ends it after the work. */
export async function withWorker<T>(
  module: string,
  flags: readonly string[],
  work: (endpoint: string) => Promise<T>,
): Promise<T> {
  return withProcess(await WorkerProcess.open([...ownWorker(module), ...flags]), work)
}

/** Starts a chalk-remote-call worker with the handler of a Python module of `remote/`. Throws where it is not installed. */
export async function withPythonWorker<T>(
  module: string,
  work: (endpoint: string) => Promise<T>,
): Promise<T> {
  if (missingWorker !== null) throw new Error(missingWorker)
  return withProcess(
    await WorkerProcess.open(pythonWorker(module), { PYTHONPATH: folder, CHALK_INPUT_ARGS: 'text' }),
    work,
  )
}

async function withProcess<T>(worker: WorkerProcess, work: (endpoint: string) => Promise<T>): Promise<T> {
  try {
    return await work(worker.endpoint)
  } finally {
    await worker.close()
  }
}
