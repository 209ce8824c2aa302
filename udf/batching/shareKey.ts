import type { BatchingPolicy, CallPolicies } from '../../catalog/policy/policies.ts'
import type { InvokeContext } from '../executor.ts'

const policyTexts = new WeakMap<object, string>()

/** What calls of a function must have in common to share a batch, as text. */
export function shareKey(context: InvokeContext, policy: BatchingPolicy): string {
  const { metadata, policies, run, reportsRows, attempt, chain = [] } = context
  return [
    // What is called is kept in one journal.
    run.journal ?? '',
    reportsRows,
    attempt,
    chain.join(' '),
    policyText(policies),
    policyText(policy),
    metadata === null ? '' : canonicalText(metadata),
  ].join('\n')
}

function policyText(policy: CallPolicies | BatchingPolicy): string {
  const known = policyTexts.get(policy)
  if (known !== undefined) return known
  const text = canonicalText(policy)
  policyTexts.set(policy, text)
  return text
}

/** JSON in which the order of keys makes no difference. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}
