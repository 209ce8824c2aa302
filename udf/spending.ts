import type { EngineError } from '../src/base/errors.ts'
import { isEngineError } from '../src/base/errors.ts'
import type { Interceptor } from './executor.ts'

/** What a run may spend on calls. */
export interface Spending {
  /**
   * Is asked before each attempt, and told with the function that it gives how the attempt ended: null for success. Throws
   * BUDGET_EXCEEDED.
   */
  begin(
    called: { readonly function: string; readonly version: number },
    rows: number,
  ): (error: EngineError | null) => void
}

/** Makes no call that the run's budget does not allow. */
export const limitSpending: Interceptor = (next) => async (registered, batch, context) => {
  const { spending } = context.run
  if (spending == null) return next(registered, batch, context)
  const { name, version } = registered.signature
  const end = spending.begin({ function: name, version }, batch.length)
  try {
    const result = await next(registered, batch, context)
    end(null)
    return result
  } catch (error) {
    end(isEngineError(error) ? error : null)
    throw error
  }
}
