import { readFileSync } from 'node:fs'
import type { FigureOptions, Measurement } from './figure.ts'

/** Work whose time is taken; what `before` does is not counted. */
export interface Timed {
  readonly before?: () => Promise<void>
  readonly run: () => Promise<void>
}

export interface Timings {
  /** Median seconds. */
  readonly limit: number
  /** Median seconds. */
  readonly candidate: number
  readonly runs: number
  /** Up to the end of the last round. */
  readonly peakRssBytes: number
}

/** Runs limit and candidate by turns, so that a noisy neighbour slows both; the first round warms up and does not count. */
export async function interleave(rounds: number, limit: Timed, candidate: Timed): Promise<Timings> {
  const seconds: { limit: number[]; candidate: number[] } = { limit: [], candidate: [] }
  for (let round = 0; round <= rounds; round++) {
    const ofLimit = await secondsOf(limit)
    const ofCandidate = await secondsOf(candidate)
    if (round === 0) continue
    seconds.limit.push(ofLimit)
    seconds.candidate.push(ofCandidate)
  }
  return {
    limit: median(seconds.limit),
    candidate: median(seconds.candidate),
    runs: rounds,
    peakRssBytes: peakRssBytes(),
  }
}

/** Median seconds of so many runs, after one that warms up and does not count. */
export async function medianSeconds(rounds: number, run: () => Promise<void>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const seconds = await secondsOf({ run })
    if (round > 0) times.push(seconds)
  }
  return median(times)
}

/** What calls in lanes took, as a share of what they would take without gaps. */
export function idealRatio(
  { rows, rounds }: Pick<FigureOptions, 'rows' | 'rounds'>,
  { ideal, seconds }: { readonly ideal: number; readonly seconds: number },
): Measurement {
  return {
    ratio: ideal / seconds,
    value: rows / seconds,
    limit: rows / ideal,
    rows,
    seconds,
    runs: rounds,
    peakRssBytes: peakRssBytes(),
  }
}

export async function secondsOf({ before, run }: Timed): Promise<number> {
  await before?.()
  const started = performance.now()
  await run()
  return (performance.now() - started) / 1000
}

/** Rows a second of the candidate as a share of the limit's. */
export function speedRatio(rows: number, timings: Timings): Measurement {
  const { limit, candidate, runs, peakRssBytes: peak } = timings
  return {
    ratio: limit / candidate,
    value: rows / candidate,
    limit: rows / limit,
    rows,
    seconds: candidate,
    runs,
    peakRssBytes: peak,
  }
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new Error('nothing was measured')
  return (lower + upper) / 2
}

/** The most memory that this process has held at once. */
export function peakRssBytes(): number {
  const kibibytes = process.platform === 'linux' ? peakOfStatus() : process.resourceUsage().maxRSS
  return kibibytes * 1024
}

/** On Linux `resourceUsage` tells what the process held that this one was forked from, if that was more. */
function peakOfStatus(): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return kibibytes === undefined ? process.resourceUsage().maxRSS : Number(kibibytes)
}
