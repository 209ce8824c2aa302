import { defineFunction } from 'callplane'
import { extractEntities } from '../workloads/extractEntities.ts'

export const extractRegex = defineFunction({
  name: 'extract_regex',
  input: { memo: 'VARCHAR' },
  output: 'VARCHAR',
  nullHandling: 'propagate',
  batching: { maxBatchingSize: 4096 },
  handler: ({ memo }) => memo.map(extractEntities),
})
