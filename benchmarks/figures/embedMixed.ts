import type { Figure } from '../figure.ts'
import { measureEmbed } from '../workloads/embed.ts'

export const figure: Figure = {
  name: 'embed-mixed',
  about:
    'MiniLM over real texts of 5 to 200 tokens in batches of 32 through SQL, to two bare threads that tokenize and run them in arrival order',
  unit: 'rows/s',
  must: { atLeast: 1.3 },
  aim: { atLeast: 1.8 },
  rows: 2000,
  rounds: 3,
  run: (options) => measureEmbed(options, 'mixed'),
}
