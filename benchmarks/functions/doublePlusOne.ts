import { defineFunction } from 'callplane'

export const doublePlusOne = defineFunction({
  name: 'double_plus_one',
  input: { amount: 'DOUBLE' },
  output: 'DOUBLE',
  nullHandling: 'propagate',
  batching: { maxBatchingSize: 8192 },
  handler: ({ amount }) => {
    const results = new Float64Array(amount.length)
    for (let row = 0; row < amount.length; row++) results[row] = amount[row]! * 2 + 1
    return results
  },
})
