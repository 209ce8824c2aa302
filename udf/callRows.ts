import { collectStream } from './collectStream.ts'
import { argumentRows } from './decodeArguments.ts'
import { handlerFailed, returnedPromise } from './functionErrors.ts'
import type { HandlerCall } from './handlerCall.ts'
import type { Limiter } from './limiter.ts'

/**
 * The results of all rows in order, null for those that failed; a promise of them if the handler returns promises, of which
 * many are waited for at once.
 */
export function callRows(call: HandlerCall): readonly unknown[] | Promise<readonly unknown[]> {
  const { definition, batch, place, context, rowErrors, limiter } = call
  const argumentsOf = argumentRows(place, batch)
  const results: unknown[] = []
  if (definition.async && limiter !== null) {
    return awaitRows(call, { argumentsOf, results, from: 0, limiter })
  }
  for (let row = 0; row < batch.length; row++) {
    let result: unknown = null
    try {
      result = definition.handler(argumentsOf(row), context)
    } catch (thrown) {
      rowErrors.fail(row, handlerFailed(place, thrown, row))
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
  call: HandlerCall,
  { argumentsOf, results, from, limiter }: Pending,
): Promise<readonly unknown[]> {
  const { definition, batch, place, context, rowErrors } = call
  let next = from
  const resultOf = async (row: number): Promise<unknown> => {
    if (definition.streams) return collectStream(call, argumentsOf(row), row)
    try {
      return await (results[row] ?? definition.handler(argumentsOf(row), context))
    } catch (thrown) {
      rowErrors.fail(row, handlerFailed(place, thrown, row))
      return null
    }
  }
  const oneByOne = async (): Promise<void> => {
    for (let row = next++; row < batch.length; row = next++) {
      await limiter.acquire(context.signal)
      try {
        results[row] = await resultOf(row)
      } catch (error) {
        // The rows that have not been called yet need not be.
        next = batch.length
        throw error
      } finally {
        limiter.release()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limiter.most, batch.length - from) }, oneByOne))
  return results
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
