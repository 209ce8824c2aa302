import type { RegisteredFunction } from '../catalog/registerFunction.ts'
import { isEngineError } from '../src/base/errors.ts'
import type { Clock } from './clock.ts'
import type { Interceptor, InvokeContext } from './executor.ts'

/** Tells of each attempt when it ends. */
export function observeCalls(clock: Clock): Interceptor {
  return (next) => async (registered, batch, context) => {
    const { signature } = registered
    const { firstRow, attempt, observer } = context
    // The executor may transfer the batch away.
    const { length: rows } = batch
    const called = { function: signature.name, version: signature.version }
    const capacity = capacityOf(registered, context, rows)
    const started = clock.now()
    const tell = (error: unknown): void =>
      observer(called, {
        kind: 'called',
        batch: context.batch,
        firstRow,
        rows,
        attempt,
        capacity,
        started,
        milliseconds: clock.now() - started,
        error: isEngineError(error) ? error : null,
      })
    try {
      const result = await next(registered, batch, context)
      tell(null)
      return result
    } catch (error) {
      tell(error)
      throw error
    }
  }
}

function capacityOf({ signature }: RegisteredFunction, { batching }: InvokeContext, rows: number): number {
  const most = (batching === undefined ? signature.batching : batching)?.maxBatchingSize
  return typeof most === 'number' ? Math.max(most, rows) : rows
}
