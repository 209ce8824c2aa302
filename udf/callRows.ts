import type { HandlerContext } from '../catalog/function.ts'
import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import type { Batch } from '../src/arrow/column.ts'
import { argumentRows } from './decodeArguments.ts'
import type { Limiter } from './limiter.ts'

/** A batch that is called row by row. */
export interface RowCalls {
  readonly registered: RegisteredFunction
  readonly batch: Batch
  readonly context: HandlerContext
  /** Room for calls that are waited for; null where nothing can be waited for. */
  readonly limiter: Limiter | null
  /** The error for what a row's call threw. */
  readonly failed: (thrown: unknown, row: number) => Error
  /** The error for a promise where nothing can be waited for. */
  readonly promised: (row: number) => Error
}

/** The results of all rows in order; a promise of them if the handler returns promises, of which many are waited for at once. */
export function callRows(calls: RowCalls): readonly unknown[] | Promise<readonly unknown[]> {
  const { registered, batch, context, limiter, failed, promised } = calls
  const { definition } = registered
  const argumentsOf = argumentRows(registered.signature, batch)
  const results: unknown[] = []
  if (definition.async && limiter !== null)
    return awaitRows(calls, { argumentsOf, results, from: 0, limiter })
  for (let row = 0; row < batch.length; row++) {
    let result: unknown
    try {
      result = definition.handler(argumentsOf(row), context)
    } catch (thrown) {
      throw failed(thrown, row)
    }
    if (isPromise(result)) {
      // It may be rejected before anyone waits for it, or when nobody does.
      result.then(undefined, () => undefined)
      if (limiter === null) throw promised(row)
      results[row] = result
      return awaitRows(calls, { argumentsOf, results, from: row, limiter })
    }
    results[row] = result
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
  { registered: { definition }, batch: { length }, context, failed }: RowCalls,
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
        throw failed(thrown, row)
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
