import { ScalingGroup, type ScalingGroupOptions, type Session } from 'callplane'
import { missingWorker, pythonWorker } from '../../test/interop/pythonWorker.ts'
import { ownWorker, WorkerProcess } from '../../test/interop/workerProcess.ts'
import { withSession } from '../openSession.ts'

/** Calls workers of ours, each in a process of its own with the one function of a module of `workers/`, as `model.<name>`. */
export async function withOwnWorkers<T>(
  { module, workers = 1, ...group }: OwnWorkers,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const path = new URL(`../workers/${module}.ts`, import.meta.url).pathname
  const command = [...ownWorker(path), '--group', group.name]
  const started: WorkerProcess[] = []
  try {
    while (started.length < workers) started.push(await WorkerProcess.open(command))
    return await withRemote({ ...group, endpoints: started.map(({ endpoint }) => endpoint) }, work)
  } finally {
    await Promise.all(started.map((worker) => worker.close()))
  }
}

export interface OwnWorkers extends ScalingGroupOptions {
  readonly module: string
  /** Default 1. */
  readonly workers?: number
}

/** Calls a worker in Python with the handler of a module of `workers/`, as `model.<module>`. Throws where there is no Python. */
export async function withPythonWorker<T>(
  module: string,
  work: (session: Session, endpoint: string) => Promise<T>,
): Promise<T> {
  if (missingWorker !== null) throw new Error(missingWorker)
  const modules = new URL('../workers', import.meta.url).pathname
  const worker = await WorkerProcess.open(pythonWorker(module), { PYTHONPATH: modules })
  const { endpoint } = worker
  try {
    const group = { name: module, endpoints: endpoint, input: { text: 'VARCHAR' }, output: 'VARCHAR' }
    return await withRemote(group, (session) => work(session, endpoint))
  } finally {
    await worker.close()
  }
}

/** Opens a session that calls a group. */
export async function withRemote<T>(
  group: ScalingGroupOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withSession({}, work, { functions: ['functions/*.ts', ScalingGroup({ dedupe: false, ...group })] })
}
