import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { inChild } from '../inChild.ts'
import { median, peakRssBytes } from '../measure.ts'
import type { ReceiverCalls } from '../tasks/callReceiver.ts'
import { Receiver } from '../workloads/receiver.ts'

const RATE = 200
const WINDOW_MS = 1000
const CALLERS = ['first', 'second']
const FUNCTIONS = ['ask', 'tell']

export const figure: Figure = {
  name: 'limits',
  about: `calls that come in from two functions in two processes with one key of ${RATE} a second, to those that may; never more in any second`,
  unit: 'calls/s',
  must: { atLeast: 0.95 },
  aim: null,
  rows: 1200,
  rounds: 3,
  run,
}

/** What came in: per second in whole seconds after the first call, and at most in any second. */
interface Received {
  readonly perSecond: number
  readonly most: number
  readonly seconds: number
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const received: Received[] = []
  for (let round = 0; round < rounds; round++) received.push(await receive(options))
  const perSecond = median(received.map((found) => found.perSecond))
  const most = received.map((found) => found.most)
  if (most.some((calls) => calls > RATE)) {
    throw new Error(`${most.join(', ')} calls came in within a second, where ${RATE} may`)
  }
  return {
    ratio: perSecond / RATE,
    value: perSecond,
    limit: RATE,
    rows,
    seconds: median(received.map((found) => found.seconds)),
    runs: rounds,
    peakRssBytes: peakRssBytes(),
    note: `${most.join(', ')} calls at most in any second`,
  }
}

async function receive({ rows, directory }: FigureOptions): Promise<Received> {
  const state = await mkdtemp(join(directory, 'state-'))
  const receiver = await Receiver.open(CALLERS.length, () => 0)
  const each = Math.ceil(rows / CALLERS.length / FUNCTIONS.length)
  const request: Omit<ReceiverCalls, 'caller'> = {
    url: receiver.url,
    state,
    functions: FUNCTIONS,
    policies: { rateLimit: { rate: RATE, key: 'receiver' } },
    rows: each,
  }
  try {
    await Promise.all(CALLERS.map((caller) => inChild('callReceiver', { ...request, caller })))
  } finally {
    await receiver.close()
    await rm(state, { recursive: true })
  }
  const times = receiver.arrivals.map(({ at }) => at)
  const expected = each * CALLERS.length * FUNCTIONS.length
  if (times.length !== expected) throw new Error(`${times.length} calls came in instead of ${expected}`)
  return summaryOf(times)
}

function summaryOf(times: readonly number[]): Received {
  const first = times[0] ?? 0
  const seconds = ((times.at(-1) ?? 0) - first) / 1000
  const whole = Math.max(1, Math.floor(seconds))
  const within = times.filter((time) => time < first + whole * 1000).length
  return { perSecond: within / whole, most: mostWithin(times, WINDOW_MS), seconds }
}

/** Times in ascending order that lie in one window at most. */
function mostWithin(times: readonly number[], windowMs: number): number {
  let most = 0
  let from = 0
  for (const [index, time] of times.entries()) {
    while ((times[from] ?? time) <= time - windowMs) from++
    most = Math.max(most, index - from + 1)
  }
  return most
}
