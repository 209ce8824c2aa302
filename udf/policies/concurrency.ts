import type { FunctionSignature } from '../../catalog/function.ts'
import type { LimitStore } from '../../catalog/store/stateStore.ts'
import { cancelledError } from '../abort.ts'
import type { CallEvent } from '../callEvents.ts'
import type { Clock, Random } from '../clock.ts'
import type { Interceptor, InvokeContext } from '../executor.ts'
import { subjectOf } from '../functionErrors.ts'
import { Limiter } from '../limiter.ts'
import { perKey } from './perKey.ts'
import { StoreSlots } from './storeSlots.ts'

export interface ConcurrencySetup {
  readonly clock: Clock
  readonly random: Random
  /** Calls of a function that its executor has room for: the limit of a function without a policy. */
  readonly concurrencyOf: (signature: FunctionSignature, context: InvokeContext) => number
  /** The store of the limits with this key. */
  readonly limits: (key: string) => LimitStore
}

const slotsOf = perKey((store, key) => new StoreSlots(store, key))

/** Keeps no more calls in flight than the policy, or the executor, has room for; the others wait in the order in which they came. */
export function limitConcurrency({ clock, random, concurrencyOf, limits }: ConcurrencySetup): Interceptor {
  const limiters = new WeakMap<FunctionSignature, Limiter>()
  const keys = new Map<string, string | null>()
  return (next) => async (registered, batch, context) => {
    const { signature } = registered
    const { signal, observer, policies, chain = [] } = context
    const called = { function: signature.name, version: signature.version }
    const asked = clock.now()
    const tell = (event: CallEvent): void => observer(called, event)
    let entered = false
    const call = (): ReturnType<typeof next> => {
      entered = true
      const milliseconds = clock.now() - asked
      if (milliseconds > 0) tell({ kind: 'waited', for: 'concurrency', milliseconds })
      return next(registered, batch, context)
    }
    const key = policies.concurrency?.key ?? null
    keys.set(signature.name, key)
    // It is waited for by a call that has its place already, and would not leave it before.
    const isWithin = (name: string): boolean =>
      name === signature.name || (key !== null && keys.get(name) === key)
    if (chain.some(isWithin)) return next(registered, batch, context)
    const most = policies.concurrency?.maxConcurrent ?? concurrencyOf(signature, context)
    try {
      if (key !== null) {
        const onLost = (): void => tell(lostSlot(signature, key))
        return await slotsOf(limits(key), key).hold({ slots: most, signal, clock, random, onLost }, call)
      }
      const limiter = limiters.get(signature) ?? new Limiter(most)
      limiters.set(signature, limiter)
      return await limiter.hold(signal, most, call)
    } catch (error) {
      throw !entered && signal.aborted ? cancelledError(signature, context) : error
    }
  }
}

function lostSlot(signature: FunctionSignature, key: string): CallEvent {
  return {
    kind: 'log',
    level: 'warn',
    message: `${subjectOf({ signature })} lost its slot of concurrency key '${key}' while it was called: others may have taken it`,
    fields: { key },
  }
}
