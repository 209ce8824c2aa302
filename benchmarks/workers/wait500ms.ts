import { setTimeout } from 'node:timers/promises'
import { defineFunction } from 'callplane'

export const wait500ms = defineFunction({
  name: 'wait_500ms',
  input: { id: 'BIGINT' },
  output: 'BIGINT',
  dedupe: false,
  batching: { maxBatchingSize: 8192 },
  handler: async ({ id }) => {
    await setTimeout(500)
    return id
  },
})
