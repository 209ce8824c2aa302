import { defineFunction } from 'callplane'

export const upperMemo = defineFunction({
  name: 'upper_memo',
  input: { memo: 'VARCHAR' },
  output: 'VARCHAR',
  nullHandling: 'propagate',
  batching: { maxBatchingSize: 8192 },
  handler: ({ memo }) => memo.map((text) => text.toUpperCase()),
})
