import type { FunctionSignature } from '../../catalog/function.ts'
import { mergePolicies } from '../../catalog/policy/mergePolicies.ts'
import { callPlace, invalidOption } from '../../catalog/policy/place.ts'
import type { CallOptions } from '../../catalog/policy/policies.ts'
import { checkPolicies } from '../../catalog/policy/readPolicies.ts'

/** Throws WRONG_ARGUMENTS for options of a call site that contradict its function. */
export function checkOptions(signature: FunctionSignature, options: CallOptions | null): void {
  if (options === null) return
  const place = callPlace(signature.name)
  checkPolicies(mergePolicies(signature.policies, options), place, signature.volatility)
  const { maxBatchingSize, maxBufferDuration } = options
  const batches = maxBatchingSize !== undefined || maxBufferDuration !== undefined
  if (!batches || signature.batching !== null) return
  const hint = 'give its definition batching: {}, and a handler that takes a list a column'
  throw invalidOption(place, 'has a batch size, but the function takes one row at a time', hint)
}
