import { MemoryLimits } from '../../udf/policies/memoryLimits.ts'
import { describeLimitStore } from './limitStore.conformance.ts'

describeLimitStore('in-memory', async () => {
  const limits = new MemoryLimits()
  return { limits, others: limits, close: async () => {} }
})
