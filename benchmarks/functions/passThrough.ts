import { defineFunction } from 'callplane'

const definition = {
  input: { id: 'BIGINT' },
  output: 'BIGINT',
  nullHandling: 'propagate',
  batching: { maxBatchingSize: 256 },
  dedupe: false,
  handler: async ({ id }: { readonly id: BigInt64Array }) => id,
} as const

/** Does nothing, and nothing is done around it. */
export const passThrough = defineFunction({ ...definition, name: 'pass_through' })

/** Does nothing, with everything around it that does not make calls fewer. */
export const passThroughPolicies = defineFunction({
  ...definition,
  name: 'pass_through_policies',
  retries: 3,
  rateLimit: 1e9,
  concurrency: 32,
  timeout: 60_000,
  deadline: 600_000,
  circuitBreaker: true,
  onError: 'null',
  maxErrors: 1000,
  price: { perCall: 1e-6 },
})
