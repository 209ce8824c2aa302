import { isEngineError } from '../src/base/errors.ts'
import type { Interceptor } from './executor.ts'

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
