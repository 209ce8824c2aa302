import type { CallPolicies } from '../catalog/policy/policies.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { InvokeContext } from './executor.ts'

/** Rows of cached calls that are not counted one by one, and of batches whose size is to be found. */
const ROWS_KEPT_TOGETHER = 64

type Calling = Pick<InvokeContext, 'policies' | 'run'>

/** Whether policies count calls, so that handlers that take one row at a time get batches of one row. */
export function policiesCountCalls({
  retry,
  rateLimit,
  concurrency,
  timeout,
  circuitBreaker,
  price,
}: CallPolicies): boolean {
  const counting = [retry, rateLimit, concurrency, timeout, circuitBreaker]
  return counting.some((policy) => policy !== null) || (price !== null && price.perCall > 0)
}

/** Whether the policies or the budget of a run count its calls. */
export function countsCalls({ policies, run }: Calling): boolean {
  return policiesCountCalls(policies) || run.spending?.countsCalls === true
}

/** Whether handlers that take one row at a time get batches of one row: where calls are counted, and where each is kept at once. */
export function isRowByRow({ policies, run }: Calling): boolean {
  return run.journal !== null || countsCalls({ policies, run })
}

/** Rows of one call, whose results are kept together. */
export function rowsOfCall({ signature }: RegisteredFunction, context: InvokeContext): number {
  if (signature.style === 'row') return isRowByRow(context) ? 1 : ROWS_KEPT_TOGETHER
  const { batching = signature.batching } = context
  const most = batching?.maxBatchingSize ?? Number.POSITIVE_INFINITY
  return most === 'auto' ? ROWS_KEPT_TOGETHER : most
}
