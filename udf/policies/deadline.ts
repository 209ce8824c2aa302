import type { FunctionSignature } from '../../catalog/function.ts'
import { EngineError } from '../../src/base/errors.ts'
import { cancelledError } from '../abort.ts'
import type { Clock } from '../clock.ts'
import type { Interceptor } from '../executor.ts'
import { subjectOf } from '../functionErrors.ts'
import { withinTime } from './timeLimit.ts'

/**
 * Fails a call that takes longer than its policy's `deadline`, with all its attempts and waits, with DEADLINE_EXCEEDED, and
 * aborts its signal. What is called sees the deadline in its context, the earlier one if a caller has set one too.
 */
export function keepDeadline({ clock }: { readonly clock: Clock }): Interceptor {
  return (next) => (registered, batch, context) => {
    const { deadline: milliseconds } = context.policies
    if (milliseconds === null) return next(registered, batch, context)
    const { signature } = registered
    const own = clock.now() + milliseconds
    const deadline = Math.min(context.deadline ?? Infinity, own)
    const expired = (): EngineError =>
      deadlineExceeded(signature, {
        batch: context.batch,
        milliseconds: deadline < own ? null : milliseconds,
      })
    const cancelled = (): EngineError => cancelledError(signature, context)
    const limit = {
      clock,
      milliseconds: deadline - clock.now(),
      signal: context.signal,
      expired,
      cancelled,
    }
    return withinTime(limit, (signal) => next(registered, batch, { ...context, signal, deadline }))
  }
}

/** The error of a call that is not, or would not be, done so many milliseconds after its start; null if its caller says when. */
export function deadlineExceeded(
  signature: FunctionSignature,
  { batch, milliseconds }: { readonly batch: number; readonly milliseconds: number | null },
): EngineError {
  const { name, version } = signature
  const which = milliseconds === null ? 'the deadline of its caller' : `its deadline of ${milliseconds} ms`
  return new EngineError(
    'DEADLINE_EXCEEDED',
    `${subjectOf({ signature })} is not done by ${which}, with all its attempts and waits, in batch ${batch}`,
    { function: name, version, batch },
  )
}
