import { defineFunction, ScalingGroup } from 'callplane'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { median, peakRssBytes } from '../measure.ts'
import { scalar, withSession } from '../openSession.ts'
import { remoteModule, withWorker } from '../workloads/remote.ts'

/** Before those that count. */
const WARM_UP = 200

export const figure: Figure = {
  name: 'small-calls',
  about: 'median of calls of one row to a local worker, one after the other, made by a handler',
  unit: 's',
  must: { atMost: 0.0015 },
  aim: { atMost: 0.0007 },
  rows: 2000,
  rounds: 3,
  run,
}

async function run({ rows, rounds }: FigureOptions): Promise<Measurement> {
  const medians: number[] = []
  let querySeconds = Number.NaN
  await withWorker(remoteModule('echo'), ['--group', 'echo'], async (endpoint) => {
    const echo = ScalingGroup({
      name: 'echo',
      input: { text: 'VARCHAR' },
      output: 'VARCHAR',
      endpoints: [endpoint],
    })
    const caller = defineFunction({
      name: 'call_again_and_again',
      input: { calls: 'INTEGER' },
      output: 'DOUBLE',
      volatility: 'volatile',
      handler: async ({ calls }, { call }) => medianSeconds(calls ?? 0, (text) => call('model.echo', text)),
    })
    await withSession(
      {},
      async (session) => {
        const once = (calls: number): Promise<unknown> =>
          scalar(session, `SELECT call_again_and_again(${calls})`)
        await once(WARM_UP)
        for (let round = 0; round < rounds; round++) medians.push(Number(await once(rows)))
        querySeconds = await medianSeconds(Math.min(rows, 100), (text) =>
          scalar(session, `SELECT catalog_call('model.echo', '${text}')`),
        )
      },
      { functions: [echo, caller], state: null },
    )
  })
  const seconds = median(medians)
  return {
    value: seconds,
    limit: null,
    rows,
    seconds,
    runs: rounds,
    peakRssBytes: peakRssBytes(),
    note: `a SELECT of one call, planned and run each time, takes ${(querySeconds * 1000).toFixed(1)} ms`,
  }
}

async function medianSeconds(calls: number, call: (text: string) => Promise<unknown>): Promise<number> {
  const seconds: number[] = []
  for (let done = 0; done < calls; done++) {
    const started = performance.now()
    const text = `call ${done}`
    if ((await call(text)) !== text) throw new Error(`'${text}' came back as something else`)
    seconds.push((performance.now() - started) / 1000)
  }
  return median(seconds)
}
