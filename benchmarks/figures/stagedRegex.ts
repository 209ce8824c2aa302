import type { Figure } from '../figure.ts'
import { measureRegex } from '../workloads/regex.ts'

export const figure: Figure = {
  name: 'staged-regex',
  about:
    'five regular expressions through two pool threads, summed in SQL, to two bare threads over strings in memory',
  unit: 'rows/s',
  must: { atLeast: 0.45 },
  aim: { atLeast: 0.65 },
  rows: 1_000_000,
  rounds: 5,
  run: (options) => measureRegex(options, { route: 'staged', poolThreads: 2 }),
}
