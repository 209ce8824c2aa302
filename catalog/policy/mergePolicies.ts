import type { BatchingPolicy, CallOptions, CallPolicies } from './policies.ts'

/** The policies of one call site: its options over those of the function. The same object without options. */
export function mergePolicies(base: CallPolicies, options: CallOptions | null): CallPolicies {
  if (options === null) return base
  const { maxErrors, maxErrorRate, maxBatchingSize: _size, maxBufferDuration: _wait, ...policies } = options
  const { errorBudget } = base
  const changed = maxErrors !== undefined || maxErrorRate !== undefined
  return Object.freeze({
    ...base,
    ...policies,
    errorBudget: changed
      ? Object.freeze({
          maxErrors: maxErrors === undefined ? errorBudget.maxErrors : maxErrors,
          maxErrorRate: maxErrorRate === undefined ? errorBudget.maxErrorRate : maxErrorRate,
        })
      : errorBudget,
  })
}

/** The batching of one call site. Options change that of a function that takes batches; others get their rows one by one. */
export function mergeBatching(
  base: BatchingPolicy | null,
  options: CallOptions | null,
): BatchingPolicy | null {
  if (base === null || options === null) return base
  const { maxBatchingSize = base.maxBatchingSize, maxBufferDuration = base.maxBufferDuration } = options
  return Object.freeze({ ...base, maxBatchingSize, maxBufferDuration })
}
