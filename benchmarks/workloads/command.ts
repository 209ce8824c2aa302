import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { FigureOptions, Measurement } from '../figure.ts'
import { median, peakRssBytes, secondsOf } from '../measure.ts'

const execute = promisify(execFile)
const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

/** Seconds of a command in a process of its own, which has to print `expected`. */
export async function measureCommand(
  { rounds }: FigureOptions,
  args: readonly string[],
  expected: string,
): Promise<Measurement> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    let printed = ''
    const seconds = await secondsOf({
      run: async () => {
        printed = (await execute(process.execPath, [program, ...args])).stdout
      },
    })
    if (!printed.includes(expected)) throw new Error(`callplane ${args.join(' ')} printed ${printed}`)
    if (round > 0) times.push(seconds)
  }
  const seconds = median(times)
  return { value: seconds, limit: null, rows: 1, seconds, runs: rounds, peakRssBytes: peakRssBytes() }
}
