import type { Figure } from '../figure.ts'
import { measureUpper, stagedSettings } from '../workloads/upper.ts'

export const figure: Figure = {
  name: 'staged-string',
  about: 'upper(memo) from parquet to zstd parquet through two pool threads, to plain SQL',
  unit: 'rows/s',
  must: { atLeast: 0.5 },
  aim: { atLeast: 0.7 },
  rows: 2_000_000,
  rounds: 5,
  run: (options) => measureUpper(options, stagedSettings),
}
