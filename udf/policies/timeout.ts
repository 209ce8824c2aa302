import { EngineError } from '../../src/base/errors.ts'
import { cancelledError } from '../abort.ts'
import type { Clock } from '../clock.ts'
import type { Interceptor } from '../executor.ts'
import { subjectOf } from '../functionErrors.ts'
import { withinTime } from './timeLimit.ts'

/** Fails an attempt that takes longer than its policy's `timeout` with TIMED_OUT, and aborts its signal. */
export function timeOut({ clock }: { readonly clock: Clock }): Interceptor {
  return (next) => (registered, batch, context) => {
    const { timeout } = context.policies
    if (timeout === null) return next(registered, batch, context)
    const { signature } = registered
    const { name, version } = signature
    const batchRows = batch.length
    const expired = (): EngineError =>
      new EngineError(
        'TIMED_OUT',
        `${subjectOf({ signature })} took longer than its timeout of ${timeout} ms in batch ${context.batch}`,
        { function: name, version, batch: context.batch, batchRows },
      )
    const cancelled = (): EngineError => cancelledError(signature, context)
    const limit = { clock, milliseconds: timeout, signal: context.signal, expired, cancelled }
    return withinTime(limit, (signal, timer) => next(registered, batch, { ...context, signal, timer }))
  }
}
