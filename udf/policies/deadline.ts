import type { FunctionSignature } from '../../catalog/function.ts'
import { EngineError } from '../../src/base/errors.ts'
import { cancelledError } from '../abort.ts'
import type { Clock } from '../clock.ts'
import type { Interceptor, InvokeContext } from '../executor.ts'
import { subjectOf } from '../functionErrors.ts'
import { withinTime } from './timeLimit.ts'

/**
 * Fails a call that takes longer than its policy's `deadline`, with all its attempts and waits, with DEADLINE_EXCEEDED, and
 * aborts its signal. What is called sees the deadline in its context, the earlier one if a caller has set one too.
 */
export function keepDeadline({ clock }: { readonly clock: Clock }): Interceptor {
  return (next) => async (registered, batch, context) => {
    const { deadline: milliseconds } = context.policies
    if (milliseconds === null) return next(registered, batch, context)
    const { signature } = registered
    const deadline = Math.min(context.deadline ?? Infinity, clock.now() + milliseconds)
    const expired = (): EngineError => deadlineExceeded(signature, context)
    try {
      const limit = { clock, milliseconds: deadline - clock.now(), signal: context.signal, expired }
      return await withinTime(limit, (signal) => next(registered, batch, { ...context, signal, deadline }))
    } catch (error) {
      throw context.signal.aborted ? cancelledError(signature, context) : error
    }
  }
}

/** The error of a call that is not, or would not be, done by its deadline. */
export function deadlineExceeded(
  signature: FunctionSignature,
  { batch, policies: { deadline } }: InvokeContext,
): EngineError {
  const { name, version } = signature
  const which = deadline === null ? 'the deadline of its caller' : `its deadline of ${deadline} ms`
  return new EngineError(
    'DEADLINE_EXCEEDED',
    `${subjectOf({ signature })} is not done by ${which}, with all its attempts and waits, in batch ${batch}`,
    { function: name, version, batch },
  )
}
