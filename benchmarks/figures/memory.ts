import { join } from 'node:path'
import type { Figure, FigureOptions, Measurement } from '../figure.ts'
import { inChild } from '../inChild.ts'
import { makeMemos } from '../inputs.ts'
import type { UpperRequest } from '../tasks/upperOnce.ts'
import { checkUpper, remove } from '../workloads/upper.ts'

export const figure: Figure = {
  name: 'memory',
  about: 'peak memory of staged-string, to that at a tenth of the rows; each size in a process of its own',
  unit: 'bytes',
  must: { atMost: 1.15 },
  aim: null,
  rows: 30_000_000,
  rounds: 1,
  run,
}

interface Load {
  readonly peakRssBytes: number
  readonly seconds: number
}

async function run(options: FigureOptions): Promise<Measurement> {
  const few = await load({ ...options, rows: Math.ceil(options.rows / 10) })
  const many = await load(options)
  return {
    ratio: many.peakRssBytes / few.peakRssBytes,
    value: many.peakRssBytes,
    limit: few.peakRssBytes,
    rows: options.rows,
    seconds: many.seconds,
    runs: 1,
    peakRssBytes: many.peakRssBytes,
  }
}

async function load(options: FigureOptions): Promise<Load> {
  const input = await makeMemos(options)
  const output = join(options.directory, 'memory.parquet')
  const request: UpperRequest = { ...options, input, output }
  const { value: seconds, peakRssBytes } = await inChild('upperOnce', request)
  await checkUpper(input, output)
  await remove(output)
  return { peakRssBytes, seconds }
}
