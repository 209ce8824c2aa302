import type { Volatility } from '../function.ts'
import { type Fields, field, optional } from './fields.ts'
import { mergePolicies } from './mergePolicies.ts'
import { invalidOption, type OptionPlace } from './place.ts'
import { type CallPolicies, defaultPolicies } from './policies.ts'
import { policyNames, readGiven } from './readOptions.ts'
import { readPrice } from './readPolicy.ts'

/** The options of a definition that are policies. */
export const definitionPolicyNames: readonly string[] = [...policyNames, 'price']

/** What a definition says of the function beside its policies. */
export interface PolicyHolder {
  readonly volatility: Volatility
  /** Whether the handler is an async function. */
  readonly async: boolean
}

/**
 * The policies of a definition, with their defaults; `fields` may hold other options too. Fails with the place's code for what
 * is of another type, out of range, or contradicts the rest.
 */
export function readPolicies(fields: Fields, place: OptionPlace, holder: PolicyHolder): CallPolicies {
  const given = readGiven(fields, place)
  const price = optional(field({ value: fields, name: '', place }, fields, 'price'), readPrice, null)
  const policies = { ...mergePolicies(defaultPolicies, given), price }
  checkPolicies(policies, place, holder.volatility)
  const dedupe = given.dedupe ?? (holder.volatility !== 'volatile' && (holder.async || mayCost(policies)))
  return Object.freeze({ ...policies, dedupe })
}

/** Policies that nobody sets around a function that is cheap to call. */
function mayCost(policies: CallPolicies): boolean {
  const { retry, rateLimit, concurrency, timeout, deadline, circuitBreaker, cache, price } = policies
  return [retry, rateLimit, concurrency, timeout, deadline, circuitBreaker, cache, price].some(
    (policy) => policy !== null,
  )
}

/** What is wrong with all policies of a call together. */
export function checkPolicies(
  { cache, dedupe, timeout, deadline }: CallPolicies,
  place: OptionPlace,
  volatility: Volatility,
): void {
  const again = 'each call of a volatile function may give another result'
  if (cache !== null && volatility === 'volatile') {
    throw invalidOption(place, `has ${place.spell('cache')}, but is volatile: ${again}`)
  }
  if (dedupe && volatility === 'volatile') {
    throw invalidOption(place, `has ${place.spell('dedupe')}, but is volatile: ${again}`)
  }
  if (timeout !== null && deadline !== null && timeout > deadline) {
    const times = `${place.spell('timeout')} ${timeout} above its ${place.spell('deadline')} ${deadline}`
    throw invalidOption(
      place,
      `has ${times}`,
      'the timeout is for one attempt, the deadline for a call with all its attempts',
    )
  }
}
