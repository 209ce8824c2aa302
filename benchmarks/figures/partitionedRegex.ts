import type { Figure } from '../figure.ts'
import { measureRegex } from '../workloads/regex.ts'

export const figure: Figure = {
  name: 'partitioned-regex',
  about:
    'five regular expressions in two engine threads, summed in SQL, to two bare threads over strings in memory',
  unit: 'rows/s',
  must: { atLeast: 0.6 },
  aim: { atLeast: 0.8 },
  rows: 1_000_000,
  rounds: 5,
  run: (options) => measureRegex(options, { route: 'fused', engines: 2, minPartitionedRows: 0 }),
}
