import type { Figure } from '../figure.ts'
import { measureDouble } from '../workloads/double.ts'

export const figure: Figure = {
  name: 'fused-double',
  about: 'sum(f(amount)), f = x * 2 + 1 on a Float64Array, to the same sum in plain SQL',
  unit: 'rows/s',
  must: { atLeast: 0.45 },
  aim: { atLeast: 0.8 },
  rows: 10_000_000,
  rounds: 7,
  run: (options) => measureDouble(options, { route: 'fused' }),
}
