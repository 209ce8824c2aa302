import { setTimeout } from 'node:timers/promises'
import { defineFunction } from 'callplane'

export const wait50ms = defineFunction({
  name: 'wait_50ms',
  input: { id: 'BIGINT' },
  output: 'BIGINT',
  dedupe: false,
  batching: { maxBatchingSize: 64 },
  handler: async ({ id }) => {
    await setTimeout(50)
    return id
  },
})
