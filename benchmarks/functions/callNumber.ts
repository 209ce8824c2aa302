import { defineFunction } from 'callplane'

let calls = 0

/** Gives each row that it is called for a number of its own: rows with one number were one call. */
export const callNumber = defineFunction({
  name: 'call_number',
  input: { text: 'VARCHAR' },
  output: 'BIGINT',
  dedupe: true,
  batching: { maxBatchingSize: 2048 },
  handler: async ({ text }) => BigInt64Array.from(text, () => BigInt(++calls)),
})
