import type { Figure } from '../figure.ts'
import { measureUpper } from '../workloads/upper.ts'

export const figure: Figure = {
  name: 'partitioned-string',
  about: 'upper(memo) from parquet to zstd parquet in two engine threads, to plain SQL',
  unit: 'rows/s',
  must: { atLeast: 0.7 },
  aim: { atLeast: 0.9 },
  rows: 2_000_000,
  rounds: 5,
  run: (options) => measureUpper(options, { route: 'fused', engines: 2, minPartitionedRows: 0 }, 'upper/'),
}
