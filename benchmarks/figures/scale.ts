import { setTimeout } from 'node:timers/promises'
import { ScalingGroup, type Session } from 'callplane'
import { ownWorker, WorkerProcess } from '../../test/interop/workerProcess.ts'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { median, peakRssBytes, secondsOf } from '../measure.ts'
import { expectNumber, withSession } from '../openSession.ts'
import { remoteModule } from '../workloads/remote.ts'

const REPLICAS = 4
const LOOK_MS = 20
/** Of the number of replicas, while there is load or while there is none. */
const TURNS_MAX = 2
/** Replicas end within it, and long before. */
const QUIET_MS_MAX = 60_000

export const figure: Figure = {
  name: 'scale',
  about: `seconds from the first call to its result where there is no replica, beyond those that a replica takes to start; load makes ${REPLICAS} of them, its end none, without a detour`,
  unit: 's',
  must: { atMost: 1 },
  aim: null,
  rows: 20_480,
  rounds: 3,
  run,
}

async function run({ rows, rounds }: FigureOptions): Promise<Measurement> {
  const starts: number[] = []
  for (let round = 0; round < rounds; round++) starts.push(await secondsToStart())
  const group = ScalingGroup({
    name: 'waiting',
    maxReplicas: REPLICAS,
    maxConcurrentRequests: 1,
    shutdownDelaySeconds: 1,
  })
  const firsts: number[] = []
  const steps: Step[] = []
  const waves = async (session: Session): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const load = async (): Promise<void> => void firsts.push(await secondsToFirst(session, rows))
      steps.push(await stepDuring(session, load))
      steps.push(await stepDuring(session, () => untilNone(session)))
    }
  }
  await withSession({}, waves, { functions: [remoteModule('wait'), group], state: null })
  const [start, first] = [median(starts), median(firsts)]
  const [least, turns] = [
    Math.min(...steps.map(({ most }) => most)),
    Math.max(...steps.map((step) => step.turns)),
  ]
  if (least < REPLICAS) throw new Error(`a wave of load made ${least} of ${REPLICAS} replicas`)
  if (turns > TURNS_MAX)
    throw new Error(`the number of replicas turned ${turns} times in one step of the load`)
  return {
    value: Math.max(...firsts) - start,
    limit: null,
    rows,
    seconds: first,
    runs: rounds,
    peakRssBytes: peakRssBytes(),
    note: `a replica starts in ${start.toFixed(2)} s; the number of replicas turned ${turns} times in a step of the load at most`,
  }
}

async function secondsToStart(): Promise<number> {
  let worker: WorkerProcess | null = null
  const seconds = await secondsOf({
    run: async () => void (worker = await WorkerProcess.open(ownWorker(remoteModule('wait')))),
  })
  await (worker as WorkerProcess | null)?.close()
  return seconds
}

/** Calls all rows, and one before them; answers the seconds until its result came. */
async function secondsToFirst(session: Session, rows: number): Promise<number> {
  const [seconds] = await Promise.all([
    secondsOf({ run: () => expectNumber(session, 'SELECT remote_wait_50ms(-1)', -1) }),
    expectNumber(
      session,
      `SELECT sum(remote_wait_50ms(i)) FROM range(${rows}) series(i)`,
      (rows * (rows - 1)) / 2,
    ),
  ])
  return seconds
}

/** What the number of replicas did while there was load, or while there was none. */
interface Step {
  /** How often it went up after it had gone down, or down after up. */
  readonly turns: number
  readonly most: number
}

async function stepDuring(session: Session, work: () => Promise<void>): Promise<Step> {
  const counts = [replicasOf(session)]
  let isDone = false
  const look = async (): Promise<void> => {
    // oxlint-disable-next-line no-unmodified-loop-condition -- the work beside it changes it
    while (!isDone) {
      counts.push(replicasOf(session))
      await setTimeout(LOOK_MS)
    }
  }
  const looking = look()
  try {
    await work()
  } finally {
    isDone = true
    await looking
  }
  const changes = counts.slice(1).map((count, before) => Math.sign(count - counts[before]!))
  const directions = changes.filter((direction) => direction !== 0)
  const turns = directions.filter((direction, at) => at > 0 && direction !== directions[at - 1]).length
  return { turns, most: Math.max(...counts) }
}

async function untilNone(session: Session): Promise<void> {
  const started = performance.now()
  while (replicasOf(session) > 0) {
    if (performance.now() - started > QUIET_MS_MAX)
      throw new Error(`${replicasOf(session)} replicas do not end`)
    await setTimeout(LOOK_MS)
  }
}

function replicasOf(session: Session): number {
  return session.groups.status().reduce((sum, { replicas }) => sum + replicas.length, 0)
}
