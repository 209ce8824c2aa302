import { setTimeout } from 'node:timers/promises'
import { defineFunction } from 'callplane'

/** A call takes 20 ms, and 0.1 ms more for each row. */
export const cost20ms = defineFunction({
  name: 'cost_20ms',
  input: { id: 'BIGINT' },
  output: 'BIGINT',
  dedupe: false,
  concurrency: 8,
  batching: { maxBatchingSize: 'auto' },
  handler: async ({ id }) => {
    await setTimeout(20 + id.length / 10)
    return id
  },
})
