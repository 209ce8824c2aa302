import { setTimeout } from 'node:timers/promises'
import { defineFunction } from 'callplane'

const scalingGroup = 'waiting'

/** Each batch takes 50 ms. */
export const remoteWait50ms = defineFunction({
  name: 'remote_wait_50ms',
  input: { id: 'BIGINT' },
  output: 'BIGINT',
  scalingGroup,
  dedupe: false,
  batching: { maxBatchingSize: 64 },
  handler: async ({ id }) => {
    await setTimeout(50)
    return id
  },
})

/** Each batch takes half a second. */
export const remoteWait500ms = defineFunction({
  name: 'remote_wait_500ms',
  input: { id: 'BIGINT' },
  output: 'BIGINT',
  scalingGroup,
  dedupe: false,
  batching: { maxBatchingSize: 10 },
  handler: async ({ id }) => {
    await setTimeout(500)
    return id
  },
})
