import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { interleave, median } from '../measure.ts'
import { callsOfSum, withSession } from '../openSession.ts'

const BATCH_ROWS = 256

export const figure: Figure = {
  name: 'dispatch-overhead',
  about: `seconds of an empty async function in batches of ${BATCH_ROWS} with all policies on, to those with all off`,
  unit: 'rows/s',
  must: { atMost: 1.25 },
  aim: { atMost: 1.1 },
  rows: 1_000_000,
  rounds: 7,
  run,
}

async function run(options: FigureOptions): Promise<Measurement> {
  const { rows, rounds } = options
  const input = await makeDoubles(options)
  const sum = (rows * (rows - 1)) / 2
  const calls = Math.ceil(rows / BATCH_ROWS)
  const processor = { off: [] as number[], on: [] as number[] }
  const timings = await withSession({}, (session) => {
    const sumOf = (name: string, seconds: number[]) => async (): Promise<void> => {
      const before = process.cpuUsage()
      const made = await callsOfSum(session, `SELECT sum(${name}(id)) FROM '${input}'`, sum)
      const { user, system } = process.cpuUsage(before)
      seconds.push((user + system) / 1e6)
      if (made !== calls) throw new Error(`${rows} rows took ${made} calls instead of ${calls}`)
    }
    return interleave(
      rounds,
      { run: sumOf('pass_through', processor.off) },
      { run: sumOf('pass_through_policies', processor.on) },
    )
  })
  const { limit, candidate, runs, peakRssBytes } = timings
  const [off, on] = [median(processor.off.slice(1)), median(processor.on.slice(1))]
  return {
    ratio: candidate / limit,
    value: rows / candidate,
    limit: rows / limit,
    rows,
    seconds: candidate,
    runs,
    peakRssBytes,
    note: `processor time ${on.toFixed(2)} s to ${off.toFixed(2)} s, ${(on / off).toFixed(3)}; on are retries, rate limit, concurrency, timeout, deadline, circuit breaker, onError 'null', error budget, price`,
  }
}
