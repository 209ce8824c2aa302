import { argumentRows } from './decodeArguments.ts'
import { handlerFailed, returnedPromise } from './functionErrors.ts'
import type { HandlerCall } from './handlerCall.ts'
import type { Limiter } from './limiter.ts'

/** The results of all rows in order; a promise of them if the handler returns promises, of which many are waited for at once. */
export function callRows(call: HandlerCall): readonly unknown[] | Promise<readonly unknown[]> {
  const { definition, batch, place, context, limiter } = call
  const argumentsOf = argumentRows(place, batch)
  const results: unknown[] = []
  if (definition.async && limiter !== null) {
    return awaitRows(call, { argumentsOf, results, from: 0, limiter })
  }
  for (let row = 0; row < batch.length; row++) {
    let result: unknown
    try {
      result = definition.handler(argumentsOf(row), context)
    } catch (thrown) {
      throw handlerFailed(place, thrown, row)
    }
    results[row] = result
    if (isPromise(result)) {
      // It may be rejected before anyone waits for it, or when nobody does.
      result.then(undefined, () => undefined)
      if (limiter === null) throw returnedPromise(place, row)
      return awaitRows(call, { argumentsOf, results, from: row, limiter })
    }
  }
  return results
}

interface Pending {
  readonly argumentsOf: (row: number) => object
  /** Results so far; that of row `from` may be a promise already. */
  readonly results: unknown[]
  readonly from: number
  readonly limiter: Limiter
}

async function awaitRows(
  { definition, batch: { length }, place, context }: HandlerCall,
  { argumentsOf, results, from, limiter }: Pending,
): Promise<readonly unknown[]> {
  let next = from
  const oneByOne = async (): Promise<void> => {
    for (let row = next++; row < length; row = next++) {
      await limiter.acquire(context.signal)
      try {
        results[row] = await (results[row] ?? definition.handler(argumentsOf(row), context))
      } catch (thrown) {
        // The rows that have not been called yet need not be.
        next = length
        throw handlerFailed(place, thrown, row)
      } finally {
        limiter.release()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limiter.most, length - from) }, oneByOne))
  return results
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
