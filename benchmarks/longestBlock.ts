import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

const TICK_MS = 1

/** The most seconds for which this thread was not free while the work went on. */
export async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  const ticks = monitorEventLoopDelay({ resolution: TICK_MS })
  ticks.enable()
  // The first tick and the one after the work must be counted.
  await setTimeout(5 * TICK_MS)
  await work()
  await setTimeout(5 * TICK_MS)
  ticks.disable()
  return Math.max(0, ticks.max / 1e9 - TICK_MS / 1000)
}
