import type { FunctionSignature } from '../catalog/function.ts'
import { cancelledError } from './abort.ts'
import type { Invoke } from './executor.ts'
import { Limiter } from './limiter.ts'

/** Keeps no more calls of a function in flight than `concurrencyOf` says; the others wait in order. */
export function limitConcurrency(
  invoke: Invoke,
  concurrencyOf: (signature: FunctionSignature) => number,
): Invoke {
  const limiters = new Map<FunctionSignature, Limiter>()
  return async (registered, batch, context) => {
    const { signature } = registered
    const limiter = limiters.get(signature) ?? new Limiter(concurrencyOf(signature))
    limiters.set(signature, limiter)
    await limiter.acquire(context.signal).catch(() => {
      throw cancelledError(signature, context)
    })
    try {
      return await invoke(registered, batch, context)
    } finally {
      limiter.release()
    }
  }
}
