import type { SessionSettings } from 'callplane'
import type { FigureOptions, Measurement } from '../figure.ts'
import { makeDoubles } from '../inputs.ts'
import { interleave, speedRatio } from '../measure.ts'
import { scalar, withSession } from '../openSession.ts'

/** `sum(x * 2 + 1)` by a function, against plain SQL. */
export async function measureDouble(options: FigureOptions, settings: SessionSettings): Promise<Measurement> {
  const input = await makeDoubles(options)
  return withSession(settings, async (session) => {
    const sums = { limit: [] as number[], candidate: [] as number[] }
    const sum = async (expression: string): Promise<number> =>
      Number(await scalar(session, `SELECT sum(${expression}) FROM '${input}'`))
    const timings = await interleave(
      options.rounds,
      { run: async () => void sums.limit.push(await sum('amount * 2 + 1')) },
      { run: async () => void sums.candidate.push(await sum('double_plus_one(amount)')) },
    )
    checkSums(sums.limit[0] ?? Number.NaN, sums.candidate)
    return speedRatio(options.rows, timings)
  })
}

/** Doubles are added in another order at each run. */
function checkSums(expected: number, sums: readonly number[]): void {
  for (const sum of sums) {
    if (Math.abs(sum - expected) <= Math.abs(expected) * 1e-9) continue
    throw new Error(`the function's sum is ${sum}, plain SQL's ${expected}`)
  }
}
