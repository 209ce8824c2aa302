import type { Figure } from '../figure.ts'
import { measureVectors } from '../workloads/vectors.ts'

export const figure: Figure = {
  name: 'mlp',
  about:
    'a perceptron 384 to 1024 to 1024 to 64 over FLOAT[384] of parquet in batches of 256, to two bare threads that loop over tensors in memory',
  unit: 'rows/s',
  must: { atLeast: 0.9 },
  aim: { atLeast: 0.97 },
  rows: 1_000_000,
  rounds: 3,
  run: measureVectors,
}
