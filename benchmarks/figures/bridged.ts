import type { Figure } from '../figure.ts'
import { measureDouble } from '../workloads/double.ts'

export const figure: Figure = {
  name: 'bridged',
  about: 'the sum of fused-double with the bridge forced, to the same sum in plain SQL',
  unit: 'rows/s',
  must: { atLeast: 0.08 },
  aim: { atLeast: 0.2 },
  rows: 10_000_000,
  rounds: 5,
  run: (options) => measureDouble(options, { route: 'bridged' }),
}
