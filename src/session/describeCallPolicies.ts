import type { ExecutorName, FunctionSignature } from '../../catalog/function.ts'
import { mergeBatching, mergePolicies } from '../../catalog/policy/mergePolicies.ts'
import type { BatchingPolicy, CallPolicies, RetryPolicy } from '../../catalog/policy/policies.ts'
import type { RoutedCall } from '../stage/stage.ts'

/** Where an executor makes its calls, in words. */
export const executorPlaces: Readonly<Record<ExecutorName, string>> = {
  main: 'the main thread',
  pool: 'the thread pool',
  onnx: "its model's pool of sessions",
  process: 'the pool of processes',
  remote: "its scaling group's replicas",
}

/** What is done around a call that is dispatched, in one line: `batches of 64 within 1000 ms; 32 at a time (…); dedupe`. */
export function describeCallPolicies(
  signature: FunctionSignature,
  call: RoutedCall,
  concurrency: number,
): string {
  const policies = mergePolicies(signature.policies, call.options)
  const isTried = call.outcome === 'try' && call.options?.onError !== 'column'
  const facts = [
    ...describeBatching(mergeBatching(signature.batching, call.options)),
    describeConcurrency(signature, policies, concurrency),
    ...describeLimits(policies),
    ...describeOnce(policies),
    ...(isTried ? ['errors are values'] : describeErrors(policies)),
  ]
  return facts.join('; ')
}

function describeBatching(batching: BatchingPolicy | null): readonly string[] {
  if (batching === null) return []
  const { maxBatchingSize: size, maxBufferDuration, maxBytes, maxCost } = batching
  const rows = size === 'auto' ? 'batches of a size that is found' : `batches of ${size}`
  const limits = [
    ...(maxBytes === null ? [] : [`${maxBytes} bytes`]),
    ...(maxCost === null ? [] : [`cost ${maxCost}`]),
  ]
  const wait = maxBufferDuration === 0 ? 'sent as they are' : `within ${maxBufferDuration} ms`
  return [`${[rows, ...limits].join(' or ')}, ${wait}`]
}

function describeConcurrency(
  { executor }: FunctionSignature,
  { concurrency }: CallPolicies,
  room: number,
): string {
  if (concurrency === null) {
    return `${room} at a time (what ${executorPlaces[executor]} has room for)`
  }
  return `${concurrency.maxConcurrent} at a time${keyed(concurrency.key)}`
}

function describeLimits(policies: CallPolicies): readonly string[] {
  const { rateLimit, retry, timeout, deadline, circuitBreaker } = policies
  return [
    ...(rateLimit === null ? [] : [`${rateLimit.rate} a ${rateLimit.per}${keyed(rateLimit.key)}`]),
    ...(retry === null ? [] : [describeRetries(retry)]),
    ...(timeout === null ? [] : [`timeout ${timeout} ms`]),
    ...(deadline === null ? [] : [`deadline ${deadline} ms`]),
    ...(circuitBreaker === null ? [] : [`circuit opens after ${circuitBreaker.failures} failures`]),
  ]
}

function describeRetries(retry: RetryPolicy): string {
  const first = retry.kind === 'linear' ? retry.delay : retry.initial
  return `${retry.attempts} retries, ${retry.kind} from ${first} s`
}

function describeOnce({ dedupe, cache }: CallPolicies): readonly string[] {
  return [
    ...(dedupe ? ['equal inputs once'] : []),
    ...(cache === null ? [] : [cache.ttl === null ? 'cached' : `cached for ${cache.ttl} s`]),
  ]
}

function describeErrors({
  onError,
  errorBudget: { maxErrors, maxErrorRate },
}: CallPolicies): readonly string[] {
  if (onError === 'fail') return []
  const budget = [
    ...(maxErrors === null ? [] : [`${maxErrors} rows`]),
    ...(maxErrorRate === null ? [] : [`${maxErrorRate * 100} % of them`]),
  ]
  const outcome = { null: 'null', column: 'null and a column', deadLetter: 'null and a dead letter' }[onError]
  return [`rows that fail become ${outcome}${budget.length === 0 ? '' : `, up to ${budget.join(' or ')}`}`]
}

function keyed(key: string | null): string {
  return key === null ? '' : `, shared as '${key}'`
}
