import { defineFunction } from 'callplane'

export const echo = defineFunction({
  name: 'echo',
  input: { text: 'VARCHAR' },
  output: 'VARCHAR',
  dedupe: false,
  batching: { maxBatchingSize: 8192 },
  handler: ({ text }) => text,
})
