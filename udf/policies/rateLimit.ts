import type { FunctionSignature } from '../../catalog/function.ts'
import type { RateLimitPolicy } from '../../catalog/policy/policies.ts'
import type { LimitStore } from '../../catalog/store/stateStore.ts'
import { cancelledError } from '../abort.ts'
import type { Clock } from '../clock.ts'
import type { Interceptor, InvokeContext } from '../executor.ts'
import { Limiter } from '../limiter.ts'
import { deadlineExceeded } from './deadline.ts'
import { MemoryLimits } from './memoryLimits.ts'
import { perKey } from './perKey.ts'

export interface RateLimitSetup {
  readonly clock: Clock
  /** The store of the limits with this key. */
  readonly limits: (key: string) => LimitStore
  /**
   * Is asked after each token: what it gives is waited for before the next is taken, so that calls which have theirs can start.
   * Default: nothing.
   */
  readonly breathe?: () => Promise<void> | null
}

const periods: Readonly<Record<RateLimitPolicy['per'], number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
}

/** Calls take some time, not always the same, to get to where they are counted: a window is a little longer than it must be. */
const STRETCH = 0.04
const STRETCH_MS_MAX = 50

const queueOf = perKey(() => new Limiter(1))

/**
 * Takes a token for each call: no window of the policy's time ever sees more than `rate` calls start. The others wait, in the
 * order in which they came; one that would have to wait beyond its deadline fails with DEADLINE_EXCEEDED instead.
 */
export function limitRate({ clock, limits, breathe = () => null }: RateLimitSetup): Interceptor {
  const own = new WeakMap<FunctionSignature, LimitStore>()
  const ownLimits = (signature: FunctionSignature): LimitStore => {
    const store = own.get(signature) ?? new MemoryLimits()
    own.set(signature, store)
    return store
  }
  return (next) => async (registered, batch, context) => {
    const { rateLimit } = context.policies
    if (rateLimit === null) return next(registered, batch, context)
    const { signature } = registered
    const { key } = rateLimit
    const started = clock.now()
    const bucket = key === null ? { store: ownLimits(signature), key: '' } : { store: limits(key), key }
    try {
      const request = { ...bucket, clock, breathe, limit: windowOf(rateLimit), signature, context }
      const queue = queueOf(bucket.store, bucket.key)
      if (context.signal.aborted || !queue.tryAcquire()) await queue.acquire(context.signal)
      await takeToken(request, queue)
    } catch (error) {
      throw context.signal.aborted ? cancelledError(signature, context) : error
    }
    const milliseconds = clock.now() - started
    if (milliseconds > 0) {
      const { name, version } = signature
      context.observer({ function: name, version }, { kind: 'waited', for: 'rateLimit', milliseconds })
    }
    return next(registered, batch, context)
  }
}

/** Less than one call in the policy's time is one in a longer time. */
function windowOf({ rate, per }: RateLimitPolicy): TokenRequest['limit'] {
  const windowMs = periods[per] / Math.min(1, rate)
  return {
    tokens: Math.max(1, Math.floor(rate)),
    windowMs: windowMs + Math.min(windowMs * STRETCH, STRETCH_MS_MAX),
  }
}

interface TokenRequest {
  readonly store: LimitStore
  readonly key: string
  readonly limit: { readonly tokens: number; readonly windowMs: number }
  readonly clock: Clock
  readonly breathe: () => Promise<void> | null
  readonly signature: FunctionSignature
  readonly context: InvokeContext
}

/**
 * Asks again after each wait: a token is taken when its call can start, so that one which wakes late takes no earlier time. It is the
 * caller's turn in the queue, which ends with it.
 */
async function takeToken(request: TokenRequest, queue: Limiter): Promise<void> {
  const { store, key, limit, clock, breathe, signature, context } = request
  const { signal, deadline } = context
  try {
    for (;;) {
      const now = clock.now()
      const taken = store.takeToken(key, limit, now)
      const wait = typeof taken === 'number' ? taken : await taken
      if (wait === 0) return
      if (deadline !== null && now + wait >= deadline) {
        throw deadlineExceeded(signature, { batch: context.batch, milliseconds: context.policies.deadline })
      }
      await clock.sleep(wait, signal)
    }
  } finally {
    const breath = breathe()
    if (breath === null) queue.release()
    else void breath.then(() => queue.release())
  }
}
