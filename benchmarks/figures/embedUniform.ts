import type { Figure } from '../figure.ts'
import { measureEmbed } from '../workloads/embed.ts'

export const figure: Figure = {
  name: 'embed-uniform',
  about:
    'MiniLM over texts of 32 tokens in batches of 32 through SQL, to two bare threads that loop over prepared tensors',
  unit: 'rows/s',
  must: { atLeast: 0.95 },
  aim: { atLeast: 0.99 },
  rows: 2000,
  rounds: 5,
  run: (options) => measureEmbed(options, 'uniform'),
}
