import type { ModelRuntime } from '../../catalog/models/model.ts'

/** One session on one thread of the processor. */
export const oneSession: Omit<ModelRuntime, 'batchSize'> = {
  minSessions: 1,
  maxSessions: 1,
  intraOpNumThreads: 1,
  executionProviders: ['cpu'],
  deviceId: 0,
  deviceMemory: null,
  graphOptimizationLevel: 'all',
}
