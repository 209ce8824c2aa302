import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { inChild } from '../inChild.ts'
import { peakRssBytes } from '../measure.ts'
import type { ReceiverCalls } from '../tasks/callReceiver.ts'
import { Receiver } from '../workloads/receiver.ts'

const SLOTS = 5
/** How long a slot stays taken after its process has ended. */
const LEASE_SECONDS = 15
/** Between two looks of one who waits for a slot of another process. */
const POLL_SECONDS = 0.1
const CALLERS = ['first', 'second'] as const
const CALL_MS = { least: 20, most: 60 }
/** From the start of both to the kill, at random. */
const RUNNING_MS = { least: 500, most: 1500 }

export const figure: Figure = {
  name: 'concurrency',
  about: `seconds until the slots of a killed process are taken by another, to their lease and the pause between two looks; never more than ${SLOTS} calls in flight`,
  unit: 's',
  must: { atMost: 1 },
  aim: null,
  rows: 1,
  rounds: 3,
  run,
}

async function run({ rounds, directory }: FigureOptions): Promise<Measurement> {
  const times: number[] = []
  let calls = 0
  for (let round = 0; round < rounds; round++) {
    const state = await mkdtemp(join(directory, 'state-'))
    const receiver = await Receiver.open(CALLERS.length, () => between(CALL_MS))
    try {
      times.push(await secondsToRecover(receiver, state))
      calls += receiver.arrivals.length
    } finally {
      await receiver.close()
      await rm(state, { recursive: true })
    }
  }
  const longest = Math.max(...times)
  return {
    ratio: longest / (LEASE_SECONDS + POLL_SECONDS),
    value: longest,
    limit: LEASE_SECONDS + POLL_SECONDS,
    rows: calls,
    seconds: longest,
    runs: rounds,
    peakRssBytes: peakRssBytes(),
    note: `${times.map((seconds) => seconds.toFixed(2)).join(', ')} s until all ${SLOTS} slots were in use again`,
  }
}

/** From the kill of one of two callers until the other one has all slots in use. */
async function secondsToRecover(receiver: Receiver, state: string): Promise<number> {
  const [victim, survivor] = Math.random() < 0.5 ? CALLERS : CALLERS.toReversed()
  if (victim === undefined || survivor === undefined) throw new Error('there are no callers')
  const kill = new AbortController()
  const started = CALLERS.map((caller) => {
    const request: ReceiverCalls = {
      url: receiver.url,
      caller,
      state,
      functions: ['hold_slot'],
      policies: { concurrency: { maxConcurrent: SLOTS, key: 'receiver' } },
      rows: null,
    }
    const calling = inChild('callReceiver', request, caller === victim ? kill.signal : undefined)
    return caller === victim ? calling.catch((error: unknown) => checkKilled(error, kill.signal)) : calling
  })
  const killing = killWhileCalling(receiver, { victim, survivor, kill })
  const [seconds] = await Promise.all([killing, ...started])
  if (receiver.mostInFlight !== SLOTS) {
    throw new Error(`${receiver.mostInFlight} calls were in flight at most, where ${SLOTS} may`)
  }
  return seconds
}

interface Kill {
  readonly victim: string
  readonly survivor: string
  readonly kill: AbortController
}

async function killWhileCalling(receiver: Receiver, { victim, survivor, kill }: Kill): Promise<number> {
  await receiver.until(() => CALLERS.every((caller) => receiver.calls(caller) > 0))
  await setTimeout(between(RUNNING_MS))
  await receiver.until(() => receiver.inFlight(victim) > 0)
  kill.abort()
  const killed = performance.now()
  await receiver.until(() => receiver.inFlight(survivor) === SLOTS)
  receiver.stop()
  return (performance.now() - killed) / 1000
}

function checkKilled(error: unknown, signal: AbortSignal): void {
  if (!signal.aborted) throw error
}

function between({ least, most }: { readonly least: number; readonly most: number }): number {
  return least + Math.random() * (most - least)
}
